import type { Command } from 'commander'
import { AT, ORGANIZATION } from './shared-options.ts'
import { addVerb } from './verb.ts'

export function addRates(program: Command): void {
  const to = program.command('rates').description('requests and tokens per minute, and calls at once')
  const load = () => import('./rates.ts')
  const limit = ['!--limit <count>', 'per minute; of concurrent, at once'] as const
  addVerb({
    to,
    usage: 'list',
    tells: 'all of them',
    options: [ORGANIZATION],
    load: async () => (await load()).list,
  })
  addVerb({
    to,
    usage: 'create',
    tells: 'set one more',
    options: [AT, ['!--metric <metric>', 'requests, tokens or concurrent'], limit, ORGANIZATION],
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'update <id>',
    tells: 'change one',
    options: [limit],
    load: async () => (await load()).update,
  })
  addVerb({ to, usage: 'archive <id>', tells: 'take one away', load: async () => (await load()).archive })
}

export function addWallets(program: Command): void {
  const to = program.command('wallets').description('which wallets are served; for the operator')
  const load = () => import('./wallets.ts')
  addVerb({
    to,
    usage: 'list',
    tells: 'those that were linked, screened or judged',
    load: async () => (await load()).list,
  })
  addVerb({ to, usage: 'show <address>', tells: 'one', load: async () => (await load()).show })
  addVerb({
    to,
    usage: 'allow <address>',
    tells: 'serve one, whatever a list says',
    load: async () => (await load()).allow,
  })
  addVerb({ to, usage: 'deny <address>', tells: 'serve one no more', load: async () => (await load()).deny })
  addVerb({
    to,
    usage: 'clear <address>',
    tells: 'take the word about one back',
    load: async () => (await load()).clear,
  })
}
