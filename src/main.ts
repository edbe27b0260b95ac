import { Command } from 'commander'
import { addAdminCommands } from './cli/admin/commands.ts'
import { explainFailure } from './cli/explain-failure.ts'

const program = new Command('turnpike')
  .description('An LLM router that agents pay per call, in USDC and USDT, for the tokens they really used.')
  .showHelpAfterError('(turnpike --help lists the commands)')

program
  .command('demo')
  .description('run the main job on a chain of its own: price, deposit, stream, charge, claim, books')
  .option('--json', 'print one JSON object instead of the story')
  .action(async (options: { json?: boolean }) => {
    const { demo } = await import('./cli/demo.ts')
    process.exitCode = await demo({ json: options.json === true })
  })

program
  .command('dev')
  .description('everything embedded on this machine: dev chain, simulated provider, funded payer; stays up')
  .option('--fresh', 'forget the chain and the ledger of earlier runs')
  .option('--json', 'print only the ready line')
  .action(async (options: { fresh?: boolean; json?: boolean }) => {
    const { dev } = await import('./cli/dev.ts')
    await dev({ fresh: options.fresh === true, json: options.json === true })
  })

program
  .command('serve')
  .description('serve from the environment (.env.example)')
  .action(async () => {
    const { serve } = await import('./cli/serve.ts')
    await serve()
  })

program
  .command('facilitator')
  .description(
    "serve x402's facilitator protocol to others (/verify, /settle, /supported), with a key of its own",
  )
  .option('--json', 'print only the ready line')
  .action(async (options: { json?: boolean }) => {
    const { facilitator } = await import('./cli/facilitator.ts')
    await facilitator({ json: options.json === true })
  })

program
  .command('doctor')
  .description('look whether everything is there that serve needs; exits 1 when something is not')
  .option('--dev', 'look at the turnpike dev that runs on the data folder instead')
  .option('--json', 'print one JSON object')
  .action(async (options: { dev?: boolean; json?: boolean }) => {
    const { doctor } = await import('./cli/doctor.ts')
    process.exitCode = await doctor({ json: options.json === true, dev: options.dev === true })
  })

program
  .command('route')
  .description('why a request goes where it goes, by this catalogue, without sending it')
  .requiredOption(
    '--explain <file>',
    'a request body, the answer of POST /v1/quotes, or what --json printed; - reads stdin',
  )
  .option('--path <path>', 'where a body would be sent', '/v1/chat/completions')
  .option('--what-if <weights>', 'compare once more by another strategy, or by weights as JSON: {"cost":0.5}')
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    '\nEvery provider counts as reachable and well, since nobody is asked. Columns are the terms of the score; they add up to it.',
  )
  .action(async (options: { explain: string; path: string; whatIf?: string; json?: boolean }) => {
    const { route } = await import('./cli/route.ts')
    process.exitCode = await route({ ...options, file: options.explain, json: options.json === true })
  })

program
  .command('migrate')
  .description('bring the database up to date and stop')
  .option('--json', 'print one JSON object')
  .action(async (options: { json?: boolean }) => {
    const { migrate } = await import('./cli/migrate.ts')
    await migrate({ json: options.json === true })
  })

const ledger = program.command('ledger').description('the double-entry ledger')
ledger
  .command('check')
  .description('run every invariant; exits 1 when one is broken')
  .option('--json', 'print one JSON object')
  .action(async (options: { json?: boolean }) => {
    const { ledgerCheck } = await import('./cli/ledger.ts')
    process.exitCode = await ledgerCheck({ json: options.json === true })
  })
ledger
  .command('balances')
  .description('every account with its balance, and the trial balance')
  .option('--json', 'print one JSON object')
  .action(async (options: { json?: boolean }) => {
    const { ledgerBalances } = await import('./cli/ledger.ts')
    await ledgerBalances({ json: options.json === true })
  })

const reconcile = program
  .command('reconcile')
  .description('join ledger and chain; exits 1 when they differ')
  .option('--json', 'print one JSON object')
  .option('--findings', 'list what earlier passes found and nobody has closed')
  .action(async (options: { json?: boolean; findings?: boolean }) => {
    const { listFindings, reconcileCommand } = await import('./cli/reconcile.ts')
    const command = options.findings === true ? listFindings : reconcileCommand
    process.exitCode = await command({ json: options.json === true })
  })
reconcile
  .command('close')
  .description('close a finding that somebody has looked at')
  .argument('<id>', 'from reconcile --findings')
  .requiredOption('--reason <words>', 'why it is so; stays with the finding')
  .action(async (id: string, { reason }: { reason: string }, command: Command) => {
    const { closeFinding } = await import('./cli/reconcile.ts')
    await closeFinding({ id, reason, json: command.optsWithGlobals<{ json?: boolean }>().json === true })
  })

const receipt = program.command('receipt').description('signed receipts of calls')
receipt
  .command('verify')
  .description('verify a signed receipt without asking anybody; exits 1 when it is not good')
  .argument('<file>', 'the PAYMENT-RESPONSE header as it came, or its JSON')
  .option('--signer <address>', "who must have signed it: receiverAuthorizer of the server's offers")
  .option('--body <file>', 'the body of the request that it must be for')
  .option('--json', 'print one JSON object')
  .action(async (path: string, options: { signer?: string; body?: string; json?: boolean }) => {
    const { verifyReceipt } = await import('./cli/receipt.ts')
    process.exitCode = verifyReceipt({ path, ...options, json: options.json === true })
  })

program
  .command('mcp')
  .description('the tools of a running server over stdio, for MCP clients that start their servers')
  .option('--url <url>', 'of the server; turnpike dev on the data folder where it is left out')
  .action(async (options: { url?: string }) => {
    const { mcp } = await import('./cli/mcp.ts')
    await mcp(options)
  })

program
  .command('catalog')
  .description('the models, their prices and where the prices come from')
  .option('--json', 'print one JSON object')
  .action(async (options: { json?: boolean }) => {
    const { catalog } = await import('./cli/catalog.ts')
    catalog({ json: options.json === true })
  })

addAdminCommands(program)

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${explainFailure(error)}\n`)
  process.exitCode = 1
})
