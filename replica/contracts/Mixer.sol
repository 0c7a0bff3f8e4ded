// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// A pool of one denomination with the events and functions of Tornado Cash, and without its proofs:
/// it pays whoever asks first, as often as somebody deposited.
contract MixerPool {
    uint256 public denomination;
    uint32 public nextIndex;
    uint32 public paid;
    mapping(bytes32 => bool) public commitments;
    mapping(bytes32 => bool) public nullifierHashes;

    event Deposit(bytes32 indexed commitment, uint32 leafIndex, uint256 timestamp);
    event Withdrawal(address to, bytes32 nullifierHash, address indexed relayer, uint256 fee);

    function initialize(uint256 denomination_) external {
        require(denomination == 0, "initialized");
        denomination = denomination_;
    }

    function deposit(bytes32 commitment) external payable {
        require(msg.value == denomination, "denomination");
        require(!commitments[commitment], "commitment");
        commitments[commitment] = true;
        emit Deposit(commitment, nextIndex++, block.timestamp);
    }

    function withdraw(
        bytes calldata,
        bytes32,
        bytes32 nullifierHash,
        address payable recipient,
        address payable relayer,
        uint256 fee,
        uint256 refund
    ) external payable {
        require(msg.value == refund && refund == 0 && fee <= denomination, "fee");
        require(!nullifierHashes[nullifierHash] && paid < nextIndex, "spent");
        nullifierHashes[nullifierHash] = true;
        paid++;
        pay(recipient, denomination - fee);
        if (fee > 0) pay(relayer, fee);
        emit Withdrawal(recipient, nullifierHash, relayer, fee);
    }

    function pay(address payable to, uint256 value) private {
        (bool done,) = to.call{value: value}("");
        require(done, "pay");
    }
}

/// Leads deposits and withdrawals to the pools and keeps nothing.
contract MixerRouter {
    event EncryptedNote(address indexed sender, bytes encryptedNote);

    function deposit(address pool, bytes32 commitment, bytes calldata note) external payable {
        MixerPool(pool).deposit{value: msg.value}(commitment);
        emit EncryptedNote(msg.sender, note);
    }

    function withdraw(
        address pool,
        bytes calldata proof,
        bytes32 root,
        bytes32 nullifierHash,
        address payable recipient,
        address payable relayer,
        uint256 fee,
        uint256 refund
    ) external payable {
        MixerPool(pool).withdraw{value: msg.value}(proof, root, nullifierHash, recipient, relayer, fee, refund);
    }
}
