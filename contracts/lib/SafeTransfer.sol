// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// Token calls that accept both kinds of ERC-20: those that return a bool and those, like Tether's, that return nothing.
library SafeTransfer {
    error TokenCallFailed(address token);

    function send(address token, address to, uint256 amount) internal {
        (bool ok, bytes memory answer) =
            token.call(abi.encodeWithSignature("transfer(address,uint256)", to, amount));
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        // An address without code answers every call with success, so emptiness counts only where code is.
        bool accepted = answer.length == 0 ? token.code.length > 0 : abi.decode(answer, (bool));
        if (!accepted) revert TokenCallFailed(token);
    }

    function balanceOf(address token, address owner) internal view returns (uint256) {
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeWithSignature("balanceOf(address)", owner));
        if (!ok || answer.length < 32) revert TokenCallFailed(token);
        return abi.decode(answer, (uint256));
    }
}
