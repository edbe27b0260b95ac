import { RpcError } from '../../chain/rpc-error.ts'

/** One line of `turnpike doctor`: what was looked at, what was seen, and what to do where it is not as it should be. */
export type Verdict = { readonly name: string; readonly seen: string } & (
  | { readonly state: 'ok' }
  | { readonly state: 'warn' | 'fail'; readonly fix: string }
)

type Found = { readonly name: string; readonly seen: string; readonly fix: string }

export const ok = (name: string, seen: string): Verdict => ({ name, state: 'ok', seen })
export const warn = (found: Found): Verdict => ({ state: 'warn', ...found })
export const fail = (found: Found): Verdict => ({ state: 'fail', ...found })

/** Runs a look at a chain; an RPC that fails meanwhile is a verdict of its own. */
export async function orSilence(
  name: string,
  look: () => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return [fail({ name, seen: `${error.message}.`, fix: 'Ask another RPC, or try again later.' })]
  }
}
