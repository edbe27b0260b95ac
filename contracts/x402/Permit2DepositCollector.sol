// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Canonical} from "../lib/Canonical.sol";
import {IEip2612, IPermit2} from "../lib/IPermit2.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

/// Deposits by Permit2, for tokens without EIP-3009. The witness names the channel that the money belongs to.
contract Permit2DepositCollector is IDepositCollector {
    bytes32 public constant DEPOSIT_WITNESS_TYPEHASH = keccak256("DepositWitness(bytes32 channelId)");
    string public constant DEPOSIT_WITNESS_TYPE_STRING =
        "DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)";

    error OnlySettlement();

    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata collectorData)
        external
    {
        if (msg.sender != Canonical.BATCH_SETTLEMENT) revert OnlySettlement();
        (uint256 nonce, uint256 deadline, bytes memory signature, bytes memory allowancePermit) =
            abi.decode(collectorData, (uint256, uint256, bytes, bytes));
        if (allowancePermit.length > 0) _allowPermit2(payer, token, allowancePermit);
        IPermit2(Canonical.PERMIT2).permitWitnessTransferFrom(
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(token, amount), nonce, deadline),
            IPermit2.SignatureTransferDetails(msg.sender, amount),
            payer,
            keccak256(abi.encode(DEPOSIT_WITNESS_TYPEHASH, channelId)),
            DEPOSIT_WITNESS_TYPE_STRING,
            signature
        );
    }

    /// A permit seen in the mempool may be submitted by anyone first; its failure is no reason to stop, a missing allowance is.
    function _allowPermit2(address payer, address token, bytes memory allowancePermit) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(allowancePermit, (uint256, uint256, uint8, bytes32, bytes32));
        try IEip2612(token).permit(payer, Canonical.PERMIT2, value, deadline, v, r, s) {} catch {}
    }
}
