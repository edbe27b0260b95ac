import type { Provider } from '../../catalog/types.ts'
import type { ProviderSight } from '../../providers/reach-provider.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** One provider with one key, by the status of its list of models. */
export function judgeProvider({
  provider: { id, baseUrl, apiKeyVariable },
  sight,
  keyIndex,
  keyCount,
}: {
  provider: Provider
  sight: ProviderSight
  /** Which of its keys was used. */
  keyIndex: number
  keyCount: number
}): Verdict {
  const name = keyCount > 1 ? `provider ${id} key ${keyIndex + 1}` : `provider ${id}`
  const { host } = new URL(baseUrl)
  const address = apiKeyVariable?.replace(/_API_KEY$/, '_BASE_URL') ?? 'its base URL'
  if (sight.kind === 'silent') {
    return fail({
      name,
      seen: sight.why === 'timeout' ? `${host} did not answer in time.` : `${host} cannot be reached.`,
      fix: `Let this machine reach ${host}, or correct ${address}.`,
    })
  }
  const { status, elapsedMs } = sight
  if (status === 401 || status === 403) {
    return fail({
      name,
      seen: `${host} refuses the key (${status}).`,
      fix: `Replace key ${keyIndex + 1} in ${apiKeyVariable ?? 'the environment'}.`,
    })
  }
  if (status === 429) {
    return warn({
      name,
      seen: `${host} answers 429: too many requests, or no balance left.`,
      fix: 'Look at the limits and the balance of this key at the provider.',
    })
  }
  if (status >= 500) {
    return warn({ name, seen: `${host} answers ${status}.`, fix: "Look at the provider's status page." })
  }
  if (status >= 300 && status < 400) {
    return warn({
      name,
      seen: `${host} redirects (${status}), and calls do not follow.`,
      fix: `Set ${address} to the address that it redirects to.`,
    })
  }
  const list = status < 300 ? '' : `, without a list of models (${status})`
  return ok(name, `${host} answers in ${elapsedMs} ms${list}`)
}
