// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// Who signed a digest: a key (secp256k1, low s only) or a contract wallet (ERC-1271).
library SignatureCheck {
    /// Half the order of secp256k1: above it lies the mirror image of a valid signature, which would be a second name for it.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    bytes4 private constant ERC1271_YES = 0x1626ba7e;

    /// The key behind a 65-byte signature, or zero where it is malformed, mirrored or empty.
    function recover(bytes32 digest, bytes memory signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
        if (uint256(s) > HALF_ORDER) return address(0);
        return ecrecover(digest, v, r, s);
    }

    function isSignedBy(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (signer == address(0)) return false;
        if (signer.code.length == 0) return recover(digest, signature) == signer;
        (bool ok, bytes memory answer) =
            signer.staticcall(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", digest, signature));
        return ok && answer.length >= 32 && bytes32(answer) == bytes32(ERC1271_YES);
    }
}
