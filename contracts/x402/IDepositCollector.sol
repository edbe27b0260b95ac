// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// How a deposit's tokens get from the payer into the escrow. The escrow trusts its own balance, never a collector's word.
interface IDepositCollector {
    /// Moves exactly `amount` of `token` from `payer` to the caller, or reverts.
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata collectorData)
        external;
}
