import type { Command } from 'commander'
import { addVerb } from './verb.ts'

type Options = readonly (readonly [flags: string, tells: string])[]
const ORGANIZATION = [
  '--organization <organization>',
  'by name or id; needed where there are several',
] as const
const WIDENING = ['--accept-widening', 'also where more is allowed there'] as const
const UNIT = ['--unit <unit>', 'by name (Sales/Field) or id'] as const
const AT = ['!--at <place>', 'organization, unit:NAME, principal:NAME, wallet:ADDRESS or key:ID'] as const
const TERMS: Options = [
  ['--window <window>', 'request, hour, day, week, month, quarter, total or rolling:<seconds>'],
  ['--mode <mode>', 'hard, soft or observe'],
  ['--applies <applies>', 'shared, or each'],
  ['--time-zone <zone>', 'IANA zone of calendar windows'],
  ['--thresholds <percents>', 'alerts at these, such as 80,100'],
  ['--override <limit>', 'another limit until --until'],
  ['--from <time>', 'when it begins; now where left out'],
  ['--until <time>', 'when it ends'],
]

function addOrganizations(program: Command): void {
  const to = program
    .command('organizations')
    .description('tenants: each with units, members, keys and limits of its own')
  const settings: Options = [
    ['--time-zone <zone>', 'IANA zone in which calendar windows begin'],
    ['--levels <names>', 'what levels are called, such as company,department,team'],
  ]
  const load = () => import('./organizations.ts')
  addVerb({ to, usage: 'list', tells: 'all of them', load: async () => (await load()).list })
  addVerb({ to, usage: 'show <organization>', tells: 'one', load: async () => (await load()).show })
  addVerb({
    to,
    usage: 'create <name>',
    tells: 'make one',
    options: settings,
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'update <organization>',
    tells: 'change name, zone or level names',
    options: [['--name <name>', 'a new name'], ...settings],
    load: async () => (await load()).update,
  })
  addVerb({
    to,
    usage: 'archive <organization>',
    tells: 'archive it; its keys are revoked',
    load: async () => (await load()).archive,
  })
  addVerb({
    to,
    usage: 'balance <organization>',
    tells: 'what it has with us',
    load: async () => (await load()).balance,
  })
  addVerb({
    to,
    usage: 'top-up <organization> <usd>',
    tells: 'book what was paid outside of this server',
    load: async () => (await load()).topUp,
  })
}

function addUnits(program: Command): void {
  const to = program.command('units').description('departments and teams')
  const load = () => import('./units.ts')
  const options = [ORGANIZATION]
  addVerb({ to, usage: 'list', tells: 'all of them', options, load: async () => (await load()).list })
  addVerb({
    to,
    usage: 'tree',
    tells: 'the tree, with members and budgets',
    options,
    load: async () => (await load()).tree,
  })
  addVerb({ to, usage: 'show <unit>', tells: 'one', options, load: async () => (await load()).show })
  addVerb({
    to,
    usage: 'create <name>',
    tells: 'make one',
    options: [['--parent <unit>', 'the unit above; the organisation where left out'], ORGANIZATION],
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'update <unit>',
    tells: 'rename one',
    options: [['!--name <name>', 'a new name'], ORGANIZATION],
    load: async () => (await load()).update,
  })
  addVerb({
    to,
    usage: 'move <unit>',
    tells: 'move one with everything below it',
    options: [['!--to <unit>', 'the unit above it from now on'], WIDENING, ORGANIZATION],
    load: async () => (await load()).move,
  })
  addVerb({
    to,
    usage: 'archive <unit>',
    tells: 'archive one that nobody uses',
    options,
    load: async () => (await load()).archive,
  })
  addVerb({
    to,
    usage: 'restore <id>',
    tells: 'take one out of the archive',
    load: async () => (await load()).restore,
  })
}

function addPrincipals(program: Command): void {
  const to = program
    .command('principals')
    .description('people, programs and wallets, and the roles that they hold')
  const load = () => import('./principals.ts')
  const role = [
    '!--role <role>',
    'owner, admin, billing, developer, auditor, viewer, or the id of your own',
  ] as const
  addVerb({
    to,
    usage: 'list',
    tells: 'all of them',
    options: [UNIT, ORGANIZATION],
    load: async () => (await load()).list,
  })
  addVerb({
    to,
    usage: 'show <principal>',
    tells: 'one with its roles',
    options: [ORGANIZATION],
    load: async () => (await load()).show,
  })
  addVerb({
    to,
    usage: 'create <name>',
    tells: 'add a person or a program',
    options: [
      UNIT,
      ['--kind <kind>', 'user or service (which it is where left out)'],
      ['--role <role>', 'a role in its unit'],
      ORGANIZATION,
    ],
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'update <principal>',
    tells: 'rename one, or move it to another unit',
    options: [['--name <name>', 'a new name'], UNIT, WIDENING, ORGANIZATION],
    load: async () => (await load()).update,
  })
  addVerb({
    to,
    usage: 'archive <principal>',
    tells: 'archive one; its keys are revoked',
    options: [ORGANIZATION],
    load: async () => (await load()).archive,
  })
  addVerb({
    to,
    usage: 'grant <principal>',
    tells: 'give it a role at a unit',
    options: [role, UNIT, ORGANIZATION],
    load: async () => (await load()).grant,
  })
  addVerb({
    to,
    usage: 'ungrant <principal>',
    tells: 'take a role from it',
    options: [role, UNIT, ORGANIZATION],
    load: async () => (await load()).ungrant,
  })
  addVerb({
    to,
    usage: 'link-wallet <address>',
    tells: 'take a wallet into a unit: its limits bind it from now on',
    options: [UNIT, ['--name <name>', 'what it is called'], ORGANIZATION],
    load: async () => (await load()).linkWallet,
  })
  addVerb({
    to,
    usage: 'unlink-wallet <address>',
    tells: 'let a wallet go',
    load: async () => (await load()).unlinkWallet,
  })
}

function addKeys(program: Command): void {
  const to = program.command('keys').description('keys that call models, and keys that administer')
  const load = () => import('./keys.ts')
  addVerb({
    to,
    usage: 'list',
    tells: 'all of them, never their secrets',
    options: [['--principal <principal>', 'of one alone'], ORGANIZATION],
    load: async () => (await load()).list,
  })
  addVerb({
    to,
    usage: 'show <key>',
    tells: 'one',
    options: [ORGANIZATION],
    load: async () => (await load()).show,
  })
  addVerb({
    to,
    usage: 'create <name>',
    tells: 'make one; it is shown once',
    options: [
      ['!--principal <principal>', 'whose it is'],
      ['--kind <kind>', 'inference (which it is where left out) or management'],
      ['--scopes <permissions>', 'at most these, such as keys:create,keys:read'],
      ['--expires-in <seconds>', 'how long it lives'],
      ORGANIZATION,
    ],
    load: async () => (await load()).create,
  })
  addVerb({
    to,
    usage: 'rotate <key>',
    tells: 'put a new one in its place',
    options: [['--overlap <seconds>', 'how long the old one stays good; a day where left out'], ORGANIZATION],
    load: async () => (await load()).rotate,
  })
  addVerb({
    to,
    usage: 'revoke <key>',
    tells: 'revoke one at once and for good',
    options: [ORGANIZATION],
    load: async () => (await load()).revoke,
  })
}

function addLimits(program: Command): void {
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

function addWebhooks(program: Command): void {
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
}

function addAudit(program: Command): void {
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

/** The commands by which organisations are administered, over the API of a running server. */
export function addAdminCommands(program: Command): void {
  addOrganizations(program)
  addUnits(program)
  addPrincipals(program)
  addKeys(program)
  addLimits(program)
  addWebhooks(program)
  addAudit(program)
  addVerb({
    to: program,
    usage: 'apply <file>',
    tells: 'make an organisation what a file says (YAML or JSON); a second time changes nothing',
    options: [
      ['--dry-run', 'show what would change'],
      ['--prune', 'also archive what the file does not have'],
    ],
    load: async () => (await import('./apply.ts')).apply,
  })
}
