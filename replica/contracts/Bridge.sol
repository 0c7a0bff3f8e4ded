// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Token} from "./Token.sol";

/// The end of a bridge on one chain: messages, their ids and their events are those of Nomad. A
/// token that is at home here is kept, elsewhere it is burnt and made. There are no watchers and
/// no waiting: whoever runs the bridge brings the messages over.
contract Bridge {
    uint32 public domain;
    address public operator;
    uint32 public nonce;
    uint256 public leaves;
    mapping(bytes32 => bool) public processed;
    /// What stands on this chain for a token that is at home elsewhere, by the message's token id.
    mapping(bytes32 => address) public local;
    /// Domain and id of the home of a local token; 0 for tokens that are at home here.
    mapping(address => uint32) public homeDomain;
    mapping(address => bytes32) public homeId;

    event Dispatch(
        bytes32 indexed messageHash, uint256 indexed leafIndex, uint64 indexed destinationAndNonce, bytes32 committedRoot, bytes message
    );
    event Process(bytes32 indexed messageHash, bool indexed success, bytes indexed returnData);
    event Send(
        address indexed token, address indexed from, uint32 indexed toDomain, bytes32 toId, uint256 amount, bool fastLiquidityEnabled
    );
    event Receive(
        uint64 indexed originAndNonce, address indexed token, address indexed recipient, address liquidityProvider, uint256 amount
    );

    constructor(uint32 domain_) {
        domain = domain_;
        operator = msg.sender;
    }

    function enroll(uint32 home, address homeToken, address localToken) external {
        require(msg.sender == operator, "operator");
        bytes32 id = bytes32(uint256(uint160(homeToken)));
        local[keccak256(abi.encodePacked(home, id))] = localToken;
        homeDomain[localToken] = home;
        homeId[localToken] = id;
    }

    function send(address token, uint256 amount, uint32 toDomain, bytes32 toId, bool) external {
        (uint32 home, bytes32 id) = (homeDomain[token], homeId[token]);
        if (home == 0) {
            (home, id) = (domain, bytes32(uint256(uint160(token))));
            Token(token).transferFrom(msg.sender, address(this), amount);
        } else {
            Token(token).burn(msg.sender, amount);
        }
        bytes memory body = abi.encodePacked(home, id, uint8(3), toId, amount, bytes32(0));
        bytes32 peer = bytes32(uint256(uint160(address(this))));
        bytes memory message = abi.encodePacked(domain, peer, nonce, toDomain, peer, body);
        emit Dispatch(keccak256(message), leaves++, (uint64(toDomain) << 32) | nonce, bytes32(0), message);
        emit Send(token, msg.sender, toDomain, toId, amount, false);
        nonce++;
    }

    function process(bytes calldata message) external {
        require(msg.sender == operator, "operator");
        bytes32 id = keccak256(message);
        require(!processed[id], "processed");
        processed[id] = true;
        require(uint32(bytes4(message[40:44])) == domain, "domain");
        handle(message[0:4], message[36:40], message[76:]);
        emit Process(id, true, "");
    }

    function handle(bytes calldata origin, bytes calldata count, bytes calldata body) private {
        address recipient = address(uint160(uint256(bytes32(body[37:69]))));
        uint256 amount = uint256(bytes32(body[69:101]));
        address token;
        if (uint32(bytes4(body[0:4])) == domain) {
            token = address(uint160(uint256(bytes32(body[4:36]))));
            Token(token).transfer(recipient, amount);
        } else {
            token = local[keccak256(body[0:36])];
            require(token != address(0), "token");
            Token(token).mint(recipient, amount);
        }
        emit Receive((uint64(uint32(bytes4(origin))) << 32) | uint32(bytes4(count)), token, recipient, address(0), amount);
    }
}
