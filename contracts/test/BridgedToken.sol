// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// Stand-ins for tokens of bridges that Permit2 alone can move. With a salt: Polygon's, whose EIP-712 domain holds the chain id as
/// `salt` and has no field `chainId`. Without: BNB Smart Chain's, which have no domain at all and 18 decimals.
contract BridgedToken {
    bytes32 private constant SALTED_DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,address verifyingContract,bytes32 salt)");

    string public name;
    string public symbol = "USDT";
    uint8 public immutable decimals;
    bool private immutable isSalted;
    uint256 public totalSupply;
    mapping(address holder => uint256 amount) public balanceOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory firstName, uint8 ownDecimals, bool hasSaltedDomain) {
        name = firstName;
        decimals = ownDecimals;
        isSalted = hasSaltedDomain;
    }

    /// The domain changes with it, as it does on Polygon.
    function changeName(string calldata newName) external {
        name = newName;
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        require(value <= allowed, "BEP20: transfer amount exceeds allowance");
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        require(isSalted);
        return keccak256(
            abi.encode(
                SALTED_DOMAIN_TYPEHASH,
                keccak256(bytes(name)),
                keccak256("1"),
                address(this),
                bytes32(block.chainid)
            )
        );
    }

    function _move(address from, address to, uint256 value) private {
        require(value <= balanceOf[from], "BEP20: transfer amount exceeds balance");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}
