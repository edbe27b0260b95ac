// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// A hostile token that is also a hostile deposit collector: while the escrow pays it or is paid by it, it makes one call
/// of the attacker's choice back into the escrow and remembers how that went.
contract ReentrantToken {
    mapping(address holder => uint256 amount) public balanceOf;

    address public target;
    bytes public attack;
    bool public attempted;
    bool public succeeded;
    bytes public answer;
    uint256 public shortfall;

    function arm(address attackTarget, bytes calldata call) external {
        target = attackTarget;
        attack = call;
        attempted = false;
        succeeded = false;
        answer = "";
    }

    /// From now on a deposit brings that much less than it says.
    function withhold(uint256 amount) external {
        shortfall = amount;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        _strike();
        return true;
    }

    function collect(address, address, uint256 amount, bytes32, bytes calldata) external {
        balanceOf[msg.sender] += amount - shortfall;
        _strike();
    }

    /// Calls as the token itself, which a channel may name as its payer or receiver.
    function execute(address to, bytes calldata data) external {
        (bool ok, bytes memory result) = to.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// Once only: an attack that is let in would otherwise never end.
    function _strike() private {
        if (target == address(0) || attempted) return;
        attempted = true;
        (succeeded, answer) = target.call(attack);
    }
}
