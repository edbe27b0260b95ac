// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {SignatureCheck} from "../lib/SignatureCheck.sol";

/// A wallet that is a contract: it signs through its owner's key (ERC-1271) and calls whatever the owner asks.
contract ContractWallet {
    address public immutable owner;

    constructor(address walletOwner) {
        owner = walletOwner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return SignatureCheck.recover(digest, signature) == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == owner, "not the owner");
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
