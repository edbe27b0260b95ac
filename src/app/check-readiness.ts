import type { ReadinessCheck } from '../http/dependencies.ts'
import type { Network } from '../payment/types.ts'

/** Asks everything that a call needs, each with the time it took. */
export async function checkReadiness({
  ping,
  chains,
}: {
  ping: () => Promise<void>
  chains: readonly (readonly [Network, { readonly reader: { readonly getHead: () => Promise<unknown> } }])[]
}): Promise<readonly ReadinessCheck[]> {
  const timed = async (name: string, check: () => Promise<unknown>) => {
    const startedAtMs = performance.now()
    const ok = await check().then(
      () => true,
      () => false,
    )
    return { name, ok, durationMs: Math.round(performance.now() - startedAtMs) }
  }
  return Promise.all([
    timed('database', ping),
    ...chains.map(([network, { reader }]) => timed(`chain ${network}`, reader.getHead)),
  ])
}
