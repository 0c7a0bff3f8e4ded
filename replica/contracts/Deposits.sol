// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IToken} from "./Exchange.sol";

/// An exchange's deposit address with code: it holds what customers pay until the exchange sweeps
/// it to its hot wallet.
contract DepositAddress {
    address public immutable exchange;
    address payable public immutable hot;

    constructor(address payable hot_) {
        exchange = msg.sender;
        hot = hot_;
    }

    receive() external payable {}

    function sweep(address token) external {
        require(msg.sender == exchange, "exchange");
        if (token == address(0)) {
            (bool paid,) = hot.call{value: address(this).balance}("");
            require(paid, "pay");
            return;
        }
        IToken(token).transfer(hot, IToken(token).balanceOf(address(this)));
    }
}
