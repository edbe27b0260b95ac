import type { HttpDependencies } from '../dependencies.ts'
import { PAID_PATHS } from '../dialects.ts'
import { GUIDANCE } from './guidance.ts'
import { offersAt } from './offers-at.ts'
import { tokensOf } from './payment-info.ts'

/** `/.well-known/x402`: what is sold here. `resources` is the list of addresses that registries read; the rest is for agents. */
export function buildWellKnown({ url, call }: { url: string; call: HttpDependencies['call'] }) {
  const { terms } = call
  return {
    version: 1,
    x402Version: 2,
    resources: [...PAID_PATHS.keys()].map((path) => `${url}${path}`),
    instructions: GUIDANCE,
    endpoints: [...PAID_PATHS].map(([path, { description }]) => ({
      resource: `${url}${path}`,
      method: 'POST',
      description,
      mimeType: 'application/json',
      ...offersAt({ path, call }),
    })),
    networks: [...new Set(terms.assets.map(({ network }) => network))],
    assets: tokensOf(terms),
    schemes: terms.schemes,
    addresses: { payTo: terms.payTo, exactPayTo: terms.till, facilitator: terms.signer },
    links: {
      openapi: `${url}/openapi.json`,
      llms: `${url}/llms.txt`,
      docs: `${url}/llms.txt`,
      models: `${url}/v1/models`,
      quotes: `${url}/v1/quotes`,
    },
  }
}
