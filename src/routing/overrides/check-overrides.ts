import { PROVIDERS } from '../../catalog/providers.ts'
import type { Catalog } from '../../catalog/types.ts'
import { contradiction } from '../../chat/routing/read-routing.ts'
import type { RoutingOverrides } from '../../chat/routing/overrides.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { endpointTable } from '../table/endpoint-table.ts'
import { matcherOf } from './match-models.ts'
import { didYouMean, shown } from './nearest-name.ts'

type Named = { readonly at: string; readonly names: readonly string[] | undefined }

/**
 * Refuses names that mean nothing here, with the nearest that does, and models that are asked for and excluded at once. What an
 * operator or an organisation has set is not held against a request here.
 *
 * @throws unknown_model, invalid_field, contradicting_options.
 */
export function checkOverrides({
  overrides,
  wanted,
  catalog,
}: {
  overrides: RoutingOverrides
  wanted: string
  catalog: Catalog
}): void {
  const { models, allowedModels, excludedModels, baseline } = overrides
  const lists: readonly Named[] = [
    { at: 'models', names: models },
    { at: 'plugins[0].allowed_models', names: allowedModels },
    { at: 'plugins[0].excluded_models', names: excludedModels },
    { at: 'plugins[0].baseline', names: baseline === undefined ? undefined : [baseline] },
  ]
  for (const list of lists) checkModels({ ...list, catalog })
  checkProviders({ overrides, catalog })
  if (!excludedModels) return
  const isExcluded = matcherOf(excludedModels)
  const excluded = 'plugins[0].excluded_models'
  if (isExcluded(catalog.aliases?.get(wanted) ?? wanted))
    throw contradiction('model', excluded, 'the model is asked for by its name.')
  const both = models?.find((name) => isExcluded(catalog.aliases?.get(name) ?? name))
  if (both !== undefined) throw contradiction('models', excluded, `both name ${both}.`)
}

function checkModels({ at, names = [], catalog }: Named & { catalog: Catalog }): void {
  const { models, aliases } = catalog
  // A pattern is for choosing among models; where one has to be meant it is none.
  const mayBePattern = at.endsWith('_models')
  const unknown = names.filter((name) => {
    if (models.has(name) || aliases?.has(name)) return false
    if (!mayBePattern) return true
    const matches = matcherOf([name])
    return ![...models.keys()].some(matches)
  })
  const [first] = unknown
  if (first === undefined) return
  const others = unknown.slice(1).map((name) => `"${shown(name)}"`)
  const also = others.length > 0 ? ` Also unknown: ${others.join(', ')}.` : ''
  throw new TurnpikeError('unknown_model', {
    param: at,
    message: `${at}: there is no model "${shown(first)}".${didYouMean({ name: first, known: models.keys() })}${also}`,
  })
}

function checkProviders({ overrides, catalog }: { overrides: RoutingOverrides; catalog: Catalog }): void {
  const { providerOrder, providerOnly, providerIgnore } = overrides
  if (!providerOrder && !providerOnly && !providerIgnore) return
  const known = new Set([...PROVIDERS.map(({ id }) => id), ...endpointTable(catalog).providerIds])
  for (const [at, names] of [
    ['provider.order', providerOrder],
    ['provider.only', providerOnly],
    ['provider.ignore', providerIgnore],
  ] as const) {
    const unknown = names?.find((name) => !known.has(name))
    if (unknown !== undefined)
      throw new TurnpikeError('invalid_field', {
        param: at,
        message: `${at}: there is no provider "${shown(unknown)}".${didYouMean({ name: unknown, known })}`,
      })
  }
}
