import type { Pool } from 'undici'
import type { UpstreamRequest } from '../call/ports.ts'
import type { UpstreamEnd } from '../chat/types.ts'
import type { Provider } from '../catalog/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { KeyRing } from './key-ring.ts'
import type { createLanguageModels } from './language-model/create-language-model.ts'
import { dispatchOpenAi, type UpstreamTimeouts } from './openai-compatible.ts'

/** Sends one request to one provider, in the provider's dialect. */
export type Door = (request: UpstreamRequest) => Promise<UpstreamEnd>

/** Where a provider is, and how long it may take. */
export type Place = { readonly provider: Provider; readonly pool: Pool; readonly timeouts: UpstreamTimeouts }

/** The door of one provider with one key. The key goes into the request's headers and nowhere else. */
export const doorWith = (place: Place, key: string | undefined): Door =>
  place.provider.dialect === 'openai' ? openAiDoor(place, key) : sdkDoor(place, key)

function openAiDoor({ provider: { baseUrl }, pool, timeouts }: Place, key: string | undefined): Door {
  const base = new URL(baseUrl).pathname.replace(/\/+$/, '')
  const paths = { chat: `${base}/chat/completions`, embedding: `${base}/embeddings` }
  const headers = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'turnpike',
    ...(key === undefined ? [] : ['authorization', `Bearer ${key}`]),
  ]
  return (request) => {
    const path = request.kind === 'embedding' ? paths.embedding : paths.chat
    return dispatchOpenAi({ dispatcher: pool, path, headers, request, timeouts })
  }
}

/** The packages of the AI SDK are loaded with the first call that needs one. */
function sdkDoor({ provider: { dialect, baseUrl }, pool, timeouts }: Place, apiKey = ''): Door {
  let models: Promise<ReturnType<typeof createLanguageModels>> | undefined
  const load = async () => {
    if (dialect === 'openai') throw new RangeError('The OpenAI dialect needs no package.')
    const room = await import('./language-model/create-language-model.ts')
    return room.createLanguageModels({ dialect, door: { baseUrl, apiKey, dispatcher: pool } })
  }
  return async (request) => {
    const [{ dispatchLanguageModel }, modelNamed] = await Promise.all([
      import('./language-model/exchange.ts'),
      (models ??= load()),
    ])
    return dispatchLanguageModel({ model: modelNamed(request.endpoint.upstreamModel), request, timeouts })
  }
}

/** Whichever names the shorter wait; the later one where none does. */
function sooner(one: TurnpikeError | undefined, other: TurnpikeError): TurnpikeError {
  const [before, after] = [one?.details.retryAfterMs, other.details.retryAfterMs]
  return one && before !== undefined && (after === undefined || before < after) ? one : other
}

const ABOUT_THE_KEY: ReadonlySet<unknown> = new Set([401, 403, 429])

/**
 * One door for all keys of a provider: a key that is refused rests, and the next one is tried, while no content has been handed on.
 *
 * @throws TurnpikeError what the key was told that may be asked again first.
 */
export function doorWithKeys({ place, ring }: { place: Place; ring: KeyRing }): Door {
  const doors = new Map<string, Door>()
  const doorOf = (key: string): Door => {
    const door = doors.get(key) ?? doorWith(place, key)
    doors.set(key, door)
    return door
  }
  return async (request) => {
    const tried = new Set<string>()
    let refusal: TurnpikeError | undefined
    for (let key = ring.take(tried); key !== undefined; key = ring.take(tried)) {
      tried.add(key)
      try {
        const end = await doorOf(key)(request)
        ring.accept(key)
        return end
      } catch (error) {
        const status = error instanceof TurnpikeError ? error.details.extra?.['provider_status'] : undefined
        if (!(error instanceof TurnpikeError) || !ABOUT_THE_KEY.has(status)) {
          ring.accept(key)
          throw error
        }
        ring.refuse({ key, status: Number(status), retryAfterMs: error.details.retryAfterMs })
        refusal = sooner(refusal, error)
      }
    }
    throw refusal ?? new TurnpikeError('upstream_error')
  }
}
