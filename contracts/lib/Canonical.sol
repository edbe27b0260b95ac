// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// The addresses that x402 clients have built in. The dev chain puts our own code there, so unmodified clients find it.
library Canonical {
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    address internal constant BATCH_SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
}
