import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { type Dispatcher, fetch as undiciFetch } from 'undici'
import type { Provider } from '../../catalog/types.ts'

/** Dialects that are spoken through a package of the AI SDK. */
export type SdkDialect = Exclude<Provider['dialect'], 'openai'>

type Door = {
  readonly baseUrl: string
  readonly apiKey: string
  /** Carries the requests: connections are shared and have a clock of their own. */
  readonly dispatcher: Dispatcher
}

/** @returns the models of one provider, by the provider's own names. */
export function createLanguageModels({
  dialect,
  door: { baseUrl, apiKey, dispatcher },
}: {
  dialect: SdkDialect
  door: Door
}): (upstreamModel: string) => LanguageModelV4 {
  const fetch = ((input: string, init: object) =>
    undiciFetch(input, { ...init, dispatcher })) as unknown as typeof globalThis.fetch
  const settings = { baseURL: baseUrl.replace(/\/+$/, ''), apiKey, fetch }
  if (dialect === 'anthropic') {
    const anthropic = createAnthropic(settings)
    return (name) => anthropic.languageModel(name)
  }
  const google = createGoogle(settings)
  return (name) => google.languageModel(name)
}
