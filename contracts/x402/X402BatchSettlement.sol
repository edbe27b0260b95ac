// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {NoReentry} from "../lib/NoReentry.sol";
import {SafeTransfer} from "../lib/SafeTransfer.sol";
import {SignatureCheck} from "../lib/SignatureCheck.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

/// One-way payment channels. A payer escrows tokens once, signs growing vouchers off chain, and the receiver books what it
/// earned (claim) and draws what it booked (settle).
///
/// Kept at all times, per token: escrow held here >= sum over channels (balance - totalClaimed)
///                                                 + sum over receivers (totalClaimed - totalSettled).
contract X402BatchSettlement is NoReentry {
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    /// `balance` is everything deposited less what went back to the payer; claims do not lower it.
    struct ChannelState {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct WithdrawalState {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct ReceiverState {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;
    bytes32 public constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 public constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 public constant REFUND_TYPEHASH = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 public constant CLAIM_ENTRY_TYPEHASH =
        keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)");
    bytes32 public constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    mapping(bytes32 channelId => ChannelState) public channels;
    mapping(bytes32 channelId => WithdrawalState) public pendingWithdrawals;
    mapping(bytes32 channelId => uint256 next) public refundNonce;
    mapping(address receiver => mapping(address token => ReceiverState)) public receivers;

    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    error InvalidChannel();
    error InvalidCollector();
    error InvalidSignature();
    error InvalidRefundNonce();
    error ZeroDeposit();
    error ZeroRefund();
    error DepositOverflow();
    error DepositCollectionFailed();
    error EmptyBatch();
    error ClaimExceedsCeiling();
    error ClaimExceedsBalance();
    error NotReceiverAuthorizer();
    error NotAuthorizedToClaim();
    error NotAuthorizedToRefund();
    error NotAuthorizedToInitiateWithdraw();
    error NotAuthorizedToFinalizeWithdraw();
    error NothingToWithdraw();
    error WithdrawAmountExceedsAvailable();
    error WithdrawDelayNotElapsed();
    error WithdrawDelayOutOfRange();
    error WithdrawalAlreadyPending();
    error WithdrawalNotPending();

    /// Several calls in one transaction, all or none; each acts for the sender of the whole.
    function multicall(bytes[] calldata data) external returns (bytes[] memory results) {
        results = new bytes[](data.length);
        for (uint256 i = 0; i < data.length; i++) {
            (bool ok, bytes memory answer) = address(this).delegatecall(data[i]);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
            results[i] = answer;
        }
    }

    /// Anyone may relay a deposit and bring any collector: only what arrives in this contract counts, to the unit, so a
    /// token that keeps a fee cannot create escrow that is not there.
    function deposit(ChannelConfig calldata config, uint128 amount, address collector, bytes calldata collectorData)
        external
        noReentry
    {
        if (amount == 0) revert ZeroDeposit();
        if (collector == address(0)) revert InvalidCollector();
        _requireUsable(config);
        bytes32 channelId = getChannelId(config);
        ChannelState storage channel = channels[channelId];
        if (type(uint128).max - channel.balance < amount) revert DepositOverflow();

        uint256 before = SafeTransfer.balanceOf(config.token, address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, channelId, collectorData);
        if (SafeTransfer.balanceOf(config.token, address(this)) != before + amount) revert DepositCollectionFailed();

        if (channel.balance == 0 && channel.totalClaimed == 0) emit ChannelCreated(channelId, config);
        channel.balance += amount;
        emit Deposited(channelId, msg.sender, amount, channel.balance);
    }

    /// Books rows of the sender's own: it must be receiver or receiver authoriser of each.
    function claim(VoucherClaim[] calldata voucherClaims) external noReentry {
        if (voucherClaims.length == 0) revert EmptyBatch();
        for (uint256 i = 0; i < voucherClaims.length; i++) {
            if (!_isReceiverSide(voucherClaims[i].voucher.channel)) revert NotAuthorizedToClaim();
            _book(voucherClaims[i]);
        }
    }

    /// Books rows that one receiver authoriser signed as a batch; anyone may relay it.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external
        noReentry
    {
        if (voucherClaims.length == 0) revert EmptyBatch();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        bytes32 digest = getClaimBatchDigest(voucherClaims);
        if (!SignatureCheck.isSignedBy(authorizer, digest, authorizerSignature)) revert InvalidSignature();
        for (uint256 i = 0; i < voucherClaims.length; i++) {
            if (voucherClaims[i].voucher.channel.receiverAuthorizer != authorizer) revert NotReceiverAuthorizer();
            _book(voucherClaims[i]);
        }
    }

    /// Pays a receiver everything that is booked for it and not yet paid. Permissionless; nothing booked, nothing done.
    function settle(address receiver, address token) external noReentry {
        ReceiverState storage account = receivers[receiver][token];
        uint128 amount = account.totalClaimed - account.totalSettled;
        if (amount == 0) return;
        account.totalSettled = account.totalClaimed;
        SafeTransfer.send(token, receiver, amount);
        emit Settled(receiver, token, msg.sender, amount);
    }

    /// The receiver's side gives unclaimed escrow back; it gives at most what is there.
    function refund(ChannelConfig calldata config, uint128 amount) external noReentry {
        if (!_isReceiverSide(config)) revert NotAuthorizedToRefund();
        _refund(config, getChannelId(config), amount);
    }

    /// The same by the receiver authoriser's signature, relayed by anyone. The nonce makes it good for one time.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external noReentry {
        bytes32 channelId = getChannelId(config);
        if (nonce != refundNonce[channelId]) revert InvalidRefundNonce();
        bytes32 digest = getRefundDigest(channelId, nonce, amount);
        if (!SignatureCheck.isSignedBy(config.receiverAuthorizer, digest, receiverAuthorizerSignature)) {
            revert InvalidSignature();
        }
        _refund(config, channelId, amount);
    }

    /// The payer's way out without the receiver. Vouchers reserve nothing: the receiver must claim within the delay.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external noReentry {
        if (!_isPayerSide(config)) revert NotAuthorizedToInitiateWithdraw();
        bytes32 channelId = getChannelId(config);
        if (pendingWithdrawals[channelId].initiatedAt != 0) revert WithdrawalAlreadyPending();
        if (amount == 0) revert NothingToWithdraw();
        if (amount > _unclaimed(channelId)) revert WithdrawAmountExceedsAvailable();
        uint40 initiatedAt = uint40(block.timestamp);
        pendingWithdrawals[channelId] = WithdrawalState(amount, initiatedAt);
        emit WithdrawInitiated(channelId, amount, initiatedAt + config.withdrawDelay);
    }

    /// Pays what was asked for, or what claims have left of it.
    function finalizeWithdraw(ChannelConfig calldata config) external noReentry {
        if (!_isPayerSide(config)) revert NotAuthorizedToFinalizeWithdraw();
        bytes32 channelId = getChannelId(config);
        WithdrawalState memory pending = pendingWithdrawals[channelId];
        if (pending.initiatedAt == 0) revert WithdrawalNotPending();
        if (block.timestamp < uint256(pending.initiatedAt) + config.withdrawDelay) revert WithdrawDelayNotElapsed();
        uint128 unclaimed = _unclaimed(channelId);
        uint128 amount = pending.amount < unclaimed ? pending.amount : unclaimed;
        delete pendingWithdrawals[channelId];
        _giveBack(config, channelId, amount);
        emit WithdrawFinalized(channelId, msg.sender, amount);
    }

    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config)));
    }

    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, maxClaimableAmount)));
    }

    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(REFUND_TYPEHASH, channelId, nonce, amount)));
    }

    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) public view returns (bytes32) {
        bytes32[] memory entries = new bytes32[](voucherClaims.length);
        for (uint256 i = 0; i < voucherClaims.length; i++) {
            entries[i] = keccak256(
                abi.encode(
                    CLAIM_ENTRY_TYPEHASH,
                    getChannelId(voucherClaims[i].voucher.channel),
                    voucherClaims[i].voucher.maxClaimableAmount,
                    voucherClaims[i].totalClaimed
                )
            );
        }
        return _digest(keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, keccak256(abi.encodePacked(entries)))));
    }

    /// A row that says nothing new is passed over, so a claim that is sent twice harms nobody; everything else must hold.
    function _book(VoucherClaim calldata row) private {
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 channelId = getChannelId(config);
        ChannelState storage channel = channels[channelId];
        if (row.totalClaimed <= channel.totalClaimed) return;
        if (row.totalClaimed > row.voucher.maxClaimableAmount) revert ClaimExceedsCeiling();
        if (row.totalClaimed > channel.balance) revert ClaimExceedsBalance();
        bytes32 digest = getVoucherDigest(channelId, row.voucher.maxClaimableAmount);
        if (!_isPayersVoucher(config, digest, row.signature)) revert InvalidSignature();

        uint128 added = row.totalClaimed - channel.totalClaimed;
        channel.totalClaimed = row.totalClaimed;
        receivers[config.receiver][config.token].totalClaimed += added;
        emit Claimed(channelId, msg.sender, added, row.totalClaimed);
    }

    /// A named authoriser is a key. Without one the payer signs, and the payer may be a contract.
    function _isPayersVoucher(ChannelConfig calldata config, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (config.payerAuthorizer == address(0)) return SignatureCheck.isSignedBy(config.payer, digest, signature);
        return SignatureCheck.recover(digest, signature) == config.payerAuthorizer;
    }

    function _refund(ChannelConfig calldata config, bytes32 channelId, uint128 amount) private {
        if (amount == 0) revert ZeroRefund();
        // First of all, so that even a refund that finds nothing to give uses its nonce up.
        refundNonce[channelId]++;
        uint128 unclaimed = _unclaimed(channelId);
        uint128 given = amount < unclaimed ? amount : unclaimed;
        if (given == 0) return;
        WithdrawalState storage pending = pendingWithdrawals[channelId];
        if (pending.amount <= given) delete pendingWithdrawals[channelId];
        else pending.amount -= given;
        _giveBack(config, channelId, given);
        emit Refunded(channelId, msg.sender, given);
    }

    function _giveBack(ChannelConfig calldata config, bytes32 channelId, uint128 amount) private {
        if (amount == 0) return;
        ChannelState storage channel = channels[channelId];
        channel.balance -= amount;
        if (channel.balance == 0) emit ChannelClosed(channelId, config);
        SafeTransfer.send(config.token, config.payer, amount);
    }

    function _requireUsable(ChannelConfig calldata config) private pure {
        if (
            config.payer == address(0) || config.receiver == address(0) || config.receiverAuthorizer == address(0)
                || config.token == address(0)
        ) revert InvalidChannel();
        if (config.withdrawDelay < MIN_WITHDRAW_DELAY || config.withdrawDelay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange();
        }
    }

    function _isReceiverSide(ChannelConfig calldata config) private view returns (bool) {
        return msg.sender == config.receiver || msg.sender == config.receiverAuthorizer;
    }

    function _isPayerSide(ChannelConfig calldata config) private view returns (bool) {
        return msg.sender == config.payer || msg.sender == config.payerAuthorizer;
    }

    function _unclaimed(bytes32 channelId) private view returns (uint128) {
        return channels[channelId].balance - channels[channelId].totalClaimed;
    }

    function _digest(bytes32 content) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256("x402 Batch Settlement"), keccak256("1"), block.chainid, address(this)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }
}
