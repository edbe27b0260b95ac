// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Canonical} from "../lib/Canonical.sol";
import {IEip2612, IPermit2} from "../lib/IPermit2.sol";
import {NoReentry} from "../lib/NoReentry.sol";

/// What the two payment proxies share. A proxy is Permit2's spender, but the payer's witness says where the money goes, so
/// whoever relays the payment cannot redirect it.
abstract contract Permit2Proxy is NoReentry {
    struct EIP2612Permit {
        uint256 value;
        uint256 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    address public constant PERMIT2 = Canonical.PERMIT2;

    event Settled();
    event SettledWithPermit();

    error InvalidDestination();
    error InvalidOwner();
    error InvalidPermit2Address();
    error PaymentTooEarly();
    error Permit2612AmountMismatch();

    /// Checks what both witnesses say and lets Permit2 check the rest: signature, deadline, nonce, amount.
    function _pay(
        IPermit2.PermitTransferFrom calldata permit,
        address owner,
        address to,
        uint256 validAfter,
        uint256 amount,
        bytes32 witness,
        string memory witnessTypeString,
        bytes calldata signature
    ) internal {
        if (owner == address(0)) revert InvalidOwner();
        if (to == address(0)) revert InvalidDestination();
        if (block.timestamp < validAfter) revert PaymentTooEarly();
        IPermit2.SignatureTransferDetails memory transferDetails = IPermit2.SignatureTransferDetails(to, amount);
        IPermit2(PERMIT2).permitWitnessTransferFrom(
            permit, transferDetails, owner, witness, witnessTypeString, signature
        );
    }

    /// Gives Permit2 the allowance that this one payment needs. A permit that fails may have been submitted by someone
    /// else already; Permit2 finds out.
    function _allowPermit2(
        EIP2612Permit calldata permit2612,
        IPermit2.PermitTransferFrom calldata permit,
        address owner
    ) internal {
        if (permit2612.value != permit.permitted.amount) revert Permit2612AmountMismatch();
        try IEip2612(permit.permitted.token).permit(
            owner, PERMIT2, permit2612.value, permit2612.deadline, permit2612.v, permit2612.r, permit2612.s
        ) {} catch {}
    }
}
