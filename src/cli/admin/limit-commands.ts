import type { Command } from 'commander'
import { AT, ORGANIZATION, TERMS, UNIT } from './shared-options.ts'
import { addVerb } from './verb.ts'

export function addLimits(program: Command): void {
  const load = () => import('./limits.ts')
  const budgets = program.command('budgets').description('limits on what is spent, at any place')
  const options = [ORGANIZATION]
  addVerb({
    to: budgets,
    usage: 'list',
    tells: 'all of them, and how they stand',
    options,
    load: async () => (await load()).listBudgets,
  })
  addVerb({ to: budgets, usage: 'show <id>', tells: 'one', load: async () => (await load()).showBudget })
  addVerb({
    to: budgets,
    usage: 'create',
    tells: 'set one more limit',
    options: [
      AT,
      ['!--limit <amount>', 'USD, tokens or requests'],
      ['--metric <metric>', 'usd, tokens or requests'],
      ...TERMS,
      ORGANIZATION,
    ],
    load: async () => (await load()).createBudget,
  })
  addVerb({
    to: budgets,
    usage: 'update <id>',
    tells: 'change one from now on',
    options: [['--limit <amount>', 'another limit'], ...TERMS],
    load: async () => (await load()).updateBudget,
  })
  addVerb({
    to: budgets,
    usage: 'archive <id>',
    tells: 'take one away',
    load: async () => (await load()).archiveBudget,
  })
  const policies = program.command('policies').description('what may be called, at any place')
  addVerb({
    to: policies,
    usage: 'list',
    tells: 'all of them',
    options,
    load: async () => (await load()).listPolicies,
  })
  addVerb({ to: policies, usage: 'show <id>', tells: 'one', load: async () => (await load()).showPolicy })
  addVerb({
    to: policies,
    usage: 'set',
    tells: 'set the policy of a place',
    options: [AT, ['!--rules <json>', 'such as {"zdr":true,"max_call_usd":"0.50"}'], ORGANIZATION],
    load: async () => (await load()).setPolicy,
  })
  addVerb({
    to: policies,
    usage: 'effective',
    tells: 'what is in force, and from where',
    options: [
      ['--principal <principal>', 'one of the three'],
      ['--key <key>', 'by name or id'],
      UNIT,
      ORGANIZATION,
    ],
    load: async () => (await load()).effectivePolicy,
  })
  addVerb({
    to: policies,
    usage: 'archive <id>',
    tells: 'take one away',
    load: async () => (await load()).archivePolicy,
  })
}

export function addWebhooks(program: Command): void {
  const to = program.command('webhooks').description('where alerts go')
  const load = () => import('./webhooks.ts')
  const options = [ORGANIZATION]
  const events = ['--events <types>', 'such as budget.threshold,key.created; all where left out'] as const
  addVerb({ to, usage: 'list', tells: 'all of them', options, load: async () => (await load()).list })
  addVerb({ to, usage: 'show <webhook>', tells: 'one', options, load: async () => (await load()).show })
  addVerb({
    to,
    usage: 'create <name>',
    tells: 'subscribe an address; its secret is shown once',
    options: [['!--url <url>', 'where to'], events, ORGANIZATION],
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'update <webhook>',
    tells: 'change one',
    options: [
      ['--name <name>', 'a new name'],
      ['--url <url>', 'another address'],
      events,
      ['--disable', 'send nothing'],
      ['--enable', 'send again'],
      ORGANIZATION,
    ],
    load: async () => (await load()).update,
  })
  addVerb({
    to,
    usage: 'secret <webhook>',
    tells: 'make a new secret; the old one signs as well until the next',
    options,
    load: async () => (await load()).secret,
  })
  addVerb({
    to,
    usage: 'archive <webhook>',
    tells: 'take one away',
    options,
    load: async () => (await load()).archive,
  })
  addVerb({
    to,
    usage: 'test <webhook>',
    tells: 'send an alert that says it is a test',
    options,
    load: async () => (await load()).test,
  })
  addVerb({
    to,
    usage: 'deliveries',
    tells: 'where alerts were sent, and what came of it',
    options: [['--state <state>', 'waiting, delivered, or dead: those that were given up'], ORGANIZATION],
    load: async () => (await load()).deliveries,
  })
  addVerb({
    to,
    usage: 'replay <delivery>',
    tells: 'try one again, from its first attempt',
    load: async () => (await load()).replay,
  })
}

export function addAudit(program: Command): void {
  const to = program.command('audit').description('who did what to which record')
  const load = () => import('./audit.ts')
  const output = ['--output <file>', 'write to a file'] as const
  addVerb({
    to,
    usage: 'list',
    tells: 'all entries',
    options: [ORGANIZATION],
    load: async () => (await load()).list,
  })
  addVerb({
    to,
    usage: 'export',
    tells: 'the whole log as JSON lines',
    options: [output, ORGANIZATION],
    load: async () => (await load()).exportLog,
  })
  addVerb({
    to,
    usage: 'checkpoint',
    tells: 'sign the log as it stands',
    options: [output, ORGANIZATION],
    load: async () => (await load()).checkpoint,
  })
  addVerb({
    to,
    usage: 'verify <file>',
    tells: 'verify an exported log without asking anybody; exits 1 when it is not good',
    options: [
      ['--checkpoint <file>', 'what was handed out before'],
      ['--public-key <key>', 'whose signature the checkpoint has to carry'],
    ],
    load: async () => (await load()).verify,
  })
}
