type State = {
  readonly best_block_number: string | number
  readonly accounts: Readonly<Record<string, { readonly nonce: string | number }>>
  readonly transactions: readonly {
    readonly info: { readonly from: string; readonly nonce: string | number }
  }[]
}

/**
 * The newest block of a state that anvil wrote, where the state is one that the chain really had. Anvil writes accounts first and blocks
 * later, and on a busy machine more blocks come in between: then a transaction stands in a block whose sender never sent it. A chain that
 * came back with that would have events without their effects.
 *
 * @param text the file as it is at this moment, which may be half written.
 * @returns undefined where it is no such state.
 * @example blockOfState(readFileSync('chain.json', 'utf8')) // 812n
 */
export function blockOfState(text: string): bigint | undefined {
  const state = parse(text)
  if (!state) return undefined
  const next = new Map<string, number>()
  for (const { info } of state.transactions)
    next.set(info.from, Math.max(next.get(info.from) ?? 0, Number(info.nonce) + 1))
  const isTorn = [...next].some(([from, nonce]) => Number(state.accounts[from]?.nonce ?? 0) !== nonce)
  return isTorn ? undefined : BigInt(state.best_block_number)
}

function parse(text: string): State | undefined {
  try {
    return JSON.parse(text) as State
  } catch {
    return undefined
  }
}
