import type { Command } from 'commander'
import { addAudit, addLimits, addWebhooks } from './limit-commands.ts'
import { addRates, addWallets } from './more-commands.ts'
import { type Options, ORGANIZATION, UNIT, WIDENING } from './shared-options.ts'
import { addVerb } from './verb.ts'

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
  addVerb({
    to,
    usage: 'revoke-voucher <key>',
    tells: 'take one voucher of it back, with all that was narrowed from it',
    options: [['!--voucher <id>', 'its name, vch_…'], ORGANIZATION],
    load: async () => (await load()).revokeVoucher,
  })
}

/** The commands by which organisations are administered, over the API of a running server. */
export function addAdminCommands(program: Command): void {
  addOrganizations(program)
  addUnits(program)
  addPrincipals(program)
  addKeys(program)
  addLimits(program)
  addRates(program)
  addWallets(program)
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
