// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// One guarded call at a time. The flag is transient: it costs little and is gone with the transaction.
abstract contract NoReentry {
    error ReentrancyGuardReentrantCall();

    bool private transient entered;

    modifier noReentry() {
        if (entered) revert ReentrancyGuardReentrantCall();
        entered = true;
        _;
        entered = false;
    }
}
