import type { HttpDependencies } from '../dependencies.ts'
import { GUIDANCE } from './guidance.ts'
import { offersOf } from './offers-of.ts'
import { networksOf, tokensOf } from './payment-info.ts'
import { SALES } from './sales.ts'

/** `/.well-known/x402`: what is sold here. `resources` is the list of addresses that registries read; the rest is for agents. */
export function buildWellKnown({ url, call }: { url: string; call: HttpDependencies['call'] }) {
  const { terms } = call
  return {
    version: 1,
    x402Version: 2,
    resources: SALES.map(({ path }) => `${url}${path}`),
    instructions: GUIDANCE,
    endpoints: SALES.map((sale) => ({
      resource: `${url}${sale.path}`,
      method: 'POST',
      description: sale.description,
      mimeType: 'application/json',
      ...offersOf({ sale, call }),
    })),
    networks: networksOf(terms),
    assets: tokensOf(terms),
    schemes: terms.schemes,
    addresses: { payTo: terms.payTo, exactPayTo: terms.till, facilitator: terms.signer },
    links: {
      openapi: `${url}/openapi.json`,
      llms: `${url}/llms.txt`,
      docs: `${url}/llms.txt`,
      models: `${url}/v1/models`,
      quotes: `${url}/v1/quotes`,
      mcp: `${url}/mcp`,
    },
  }
}
