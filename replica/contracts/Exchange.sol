// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Token} from "./Token.sol";

interface IToken {
    function balanceOf(address) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

interface IWrapped is IToken {
    function deposit() external payable;
    function withdraw(uint256 wad) external;
}

/// A pair of tokens whose product is constant, with the events, the fee of 0.3 % and the shares of
/// the well-known pairs. It does not lock a first share.
contract Pair is Token {
    address public token0;
    address public token1;
    uint112 private reserve0;
    uint112 private reserve1;

    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    event Swap(
        address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to
    );
    event Sync(uint112 reserve0, uint112 reserve1);

    constructor(address a, address b) {
        (token0, token1) = a < b ? (a, b) : (b, a);
        name = "Replica LP";
        symbol = "REPLICA-LP";
        decimals = 18;
        owner = address(this);
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, 0);
    }

    function mint(address to) external returns (uint256 shares, uint256, uint256) {
        uint256 in0 = IToken(token0).balanceOf(address(this)) - reserve0;
        uint256 in1 = IToken(token1).balanceOf(address(this)) - reserve1;
        if (totalSupply == 0) {
            shares = sqrt(in0 * in1);
        } else {
            uint256 s0 = in0 * totalSupply / reserve0;
            uint256 s1 = in1 * totalSupply / reserve1;
            shares = s0 < s1 ? s0 : s1;
        }
        require(shares > 0, "shares");
        _mint(to, shares);
        sync();
        emit Mint(msg.sender, in0, in1);
        return (shares, in0, in1);
    }

    function burn(address to) external returns (uint256 out0, uint256 out1) {
        uint256 shares = balanceOf[address(this)];
        out0 = shares * IToken(token0).balanceOf(address(this)) / totalSupply;
        out1 = shares * IToken(token1).balanceOf(address(this)) / totalSupply;
        _burn(address(this), shares);
        IToken(token0).transfer(to, out0);
        IToken(token1).transfer(to, out1);
        sync();
        emit Burn(msg.sender, out0, out1, to);
    }

    function swap(uint256 out0, uint256 out1, address to) external {
        (uint256 r0, uint256 r1) = (reserve0, reserve1);
        if (out0 > 0) IToken(token0).transfer(to, out0);
        if (out1 > 0) IToken(token1).transfer(to, out1);
        uint256 b0 = IToken(token0).balanceOf(address(this));
        uint256 b1 = IToken(token1).balanceOf(address(this));
        uint256 in0 = b0 > r0 - out0 ? b0 - (r0 - out0) : 0;
        uint256 in1 = b1 > r1 - out1 ? b1 - (r1 - out1) : 0;
        require((b0 * 1000 - in0 * 3) * (b1 * 1000 - in1 * 3) >= r0 * r1 * 1000 ** 2, "K");
        sync();
        emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function sync() public {
        reserve0 = uint112(IToken(token0).balanceOf(address(this)));
        reserve1 = uint112(IToken(token1).balanceOf(address(this)));
        emit Sync(reserve0, reserve1);
    }

    function sqrt(uint256 y) private pure returns (uint256 z) {
        if (y == 0) return 0;
        z = y;
        uint256 x = y / 2 + 1;
        while (x < z) {
            z = x;
            x = (y / x + x) / 2;
        }
    }
}

/// Leads trades through the pairs that it was told of; keeps nothing.
contract Router {
    IWrapped public immutable wrapped;
    mapping(address => mapping(address => address)) public pairOf;

    constructor(address wrapped_) {
        wrapped = IWrapped(wrapped_);
    }

    receive() external payable {
        require(msg.sender == address(wrapped), "wrapped");
    }

    function register(address pair) external {
        (address a, address b) = (Pair(pair).token0(), Pair(pair).token1());
        require(pairOf[a][b] == address(0), "registered");
        pairOf[a][b] = pair;
        pairOf[b][a] = pair;
    }

    function addLiquidity(address a, address b, uint256 amountA, uint256 amountB, address to) external {
        address pair = pairOf[a][b];
        IToken(a).transferFrom(msg.sender, pair, amountA);
        IToken(b).transferFrom(msg.sender, pair, amountB);
        Pair(pair).mint(to);
    }

    function addLiquidityETH(address token, uint256 amount, address to) external payable {
        address pair = pairOf[token][address(wrapped)];
        IToken(token).transferFrom(msg.sender, pair, amount);
        wrapped.deposit{value: msg.value}();
        wrapped.transfer(pair, msg.value);
        Pair(pair).mint(to);
    }

    function removeLiquidityETH(address token, uint256 shares, address to) external {
        address pair = pairOf[token][address(wrapped)];
        Pair(pair).transferFrom(msg.sender, pair, shares);
        Pair(pair).burn(address(this));
        IToken(token).transfer(to, IToken(token).balanceOf(address(this)));
        payOut(to);
    }

    function swapExactTokensForTokens(uint256 amountIn, uint256 least, address[] calldata path, address to) external {
        IToken(path[0]).transferFrom(msg.sender, pairOf[path[0]][path[1]], amountIn);
        require(lead(amountIn, path, to) >= least, "least");
    }

    function swapExactETHForTokens(uint256 least, address[] calldata path, address to) external payable {
        require(path[0] == address(wrapped), "path");
        wrapped.deposit{value: msg.value}();
        wrapped.transfer(pairOf[path[0]][path[1]], msg.value);
        require(lead(msg.value, path, to) >= least, "least");
    }

    function swapExactTokensForETH(uint256 amountIn, uint256 least, address[] calldata path, address to) external {
        require(path[path.length - 1] == address(wrapped), "path");
        IToken(path[0]).transferFrom(msg.sender, pairOf[path[0]][path[1]], amountIn);
        require(lead(amountIn, path, address(this)) >= least, "least");
        payOut(to);
    }

    function payOut(address to) private {
        uint256 all = wrapped.balanceOf(address(this));
        wrapped.withdraw(all);
        (bool paid,) = to.call{value: all}("");
        require(paid, "pay");
    }

    function lead(uint256 amount, address[] calldata path, address to) private returns (uint256) {
        for (uint256 i = 0; i + 1 < path.length; i++) {
            Pair pair = Pair(pairOf[path[i]][path[i + 1]]);
            (uint112 r0, uint112 r1,) = pair.getReserves();
            bool first = path[i] == pair.token0();
            (uint256 rIn, uint256 rOut) = first ? (r0, r1) : (r1, r0);
            amount = amount * 997 * rOut / (rIn * 1000 + amount * 997);
            address next = i + 2 < path.length ? pairOf[path[i + 1]][path[i + 2]] : to;
            pair.swap(first ? 0 : amount, first ? amount : 0, next);
        }
        return amount;
    }
}
