import { parseAbi } from 'viem'

/** What the laptop's world asks of both tokens; USDT answers transfer and approve with nothing. */
export const tokenAbi = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function transfer(address to, uint256 value)',
  'function approve(address spender, uint256 value)',
  'function owner() view returns (address)',
  'function initialize(address firstOwner)',
  'function pause()',
  'function unpause()',
])

export const usdcOwnerAbi = parseAbi([
  'function mint(address to, uint256 amount) returns (bool)',
  'function blacklist(address account)',
  'function unBlacklist(address account)',
])

export const usdtOwnerAbi = parseAbi([
  'function issue(uint256 amount)',
  'function setParams(uint256 newBasisPoints, uint256 newMaxFee)',
  'function addBlackList(address user)',
  'function removeBlackList(address user)',
])
