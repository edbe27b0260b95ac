// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Canonical} from "../lib/Canonical.sol";
import {SafeTransfer} from "../lib/SafeTransfer.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

interface IEip3009 {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}

/// Deposits by EIP-3009. The authorisation's nonce is derived from the channel, so whoever relays it can bring the money
/// into that one channel and nowhere else.
contract Erc3009DepositCollector is IDepositCollector {
    error OnlySettlement();

    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata collectorData)
        external
    {
        if (msg.sender != Canonical.BATCH_SETTLEMENT) revert OnlySettlement();
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(collectorData, (uint256, uint256, uint256, bytes));
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        IEip3009(token).receiveWithAuthorization(
            payer, address(this), amount, validAfter, validBefore, nonce, signature
        );
        SafeTransfer.send(token, msg.sender, amount);
    }
}
