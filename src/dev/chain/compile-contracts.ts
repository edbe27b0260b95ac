import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Abi, Hex } from 'viem'
import { permit2Sources } from './permit2-sources.ts'
import type { SolcJob } from './solc-worker.ts'

export type CompiledContract = { abi: Abi; creationCode: Hex }
/** Compiled contracts by their Solidity name, for example `DevUsdc`. */
export type CompiledContracts = Record<string, CompiledContract>

type SolcOutput = {
  errors?: { severity: string; formattedMessage: string }[]
  contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>
}

const ROOT = join(import.meta.dirname, '../../..')
const CACHE = join(ROOT, 'node_modules/.cache/turnpike')
const OUTPUT = { '*': { '*': ['abi', 'evm.bytecode.object'] } }
const require = createRequire(import.meta.url)

/** Our own contracts, for a chain with the Cancun rules (the re-entrancy flag is transient storage). */
function ownJob(): SolcJob {
  const folder = join(ROOT, 'contracts')
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.sol'),
  )
  const sources = Object.fromEntries(
    paths
      .sort()
      .map((path) => [
        relative(ROOT, join(folder, path)),
        { content: readFileSync(join(folder, path), 'utf8') },
      ]),
  )
  const settings = { evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 }, outputSelection: OUTPUT }
  return { compiler: 'solc', input: { language: 'Solidity', sources, settings } }
}

/** Permit2 with the settings of its own build. */
function permit2Job(): SolcJob {
  const settings = {
    viaIR: true,
    optimizer: { enabled: true, runs: 1_000_000 },
    metadata: { bytecodeHash: 'none' },
    remappings: ['solmate/=lib/solmate/'],
    outputSelection: { 'src/Permit2.sol': { Permit2: ['abi', 'evm.bytecode.object'] } },
  }
  return { compiler: 'solc-0.8.17', input: { language: 'Solidity', sources: permit2Sources(), settings } }
}

function runSolc(job: SolcJob): Promise<CompiledContracts> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('solc-worker.ts', import.meta.url), { workerData: job })
    worker.once('error', reject)
    worker.once('message', (answer: string) => {
      const output = JSON.parse(answer) as SolcOutput
      const problem = output.errors?.find(({ severity }) => severity === 'error')
      if (problem)
        return reject(new Error(`${job.compiler} refused the sources: ${problem.formattedMessage}`))
      resolve(byName(output))
    })
  })
}

function byName(output: SolcOutput): CompiledContracts {
  const contracts = Object.values(output.contracts).flatMap((file) => Object.entries(file))
  return Object.fromEntries(
    contracts.map(([name, { abi, evm }]) => [
      name,
      { abi, creationCode: `0x${evm.bytecode.object}` as const },
    ]),
  )
}

/** Runs a job, or takes its result from the cache: same sources, same settings, same compiler, same answer. */
async function compileOnce(options: { job: SolcJob; label: string; onProgress: (line: string) => void }) {
  const { job, label, onProgress } = options
  const version = (require(`${job.compiler}/package.json`) as { version: string }).version
  const key = createHash('sha256')
    .update(JSON.stringify([version, job]))
    .digest('hex')
    .slice(0, 32)
  const file = join(CACHE, `${job.compiler}-${key}.json`)
  const cached = readCache(file)
  if (cached) return cached

  onProgress(`compiling ${label} with solc ${version} (once; the result is kept)`)
  const startedAt = performance.now()
  const contracts = await runSolc(job)
  onProgress(`compiled ${label} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  mkdirSync(CACHE, { recursive: true })
  // Another process may be doing the same: whoever renames last wins, and both wrote the same bytes.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(contracts))
  renameSync(draft, file)
  return contracts
}

function readCache(file: string): CompiledContracts | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CompiledContracts
  } catch {
    return undefined
  }
}

/**
 * Every contract of the dev chain: our own below `contracts/`, and Permit2.
 *
 * Cold it takes about ten seconds on two cores and says so through `onProgress`; afterwards some milliseconds.
 *
 * @throws Error with solc's own message where a source does not compile.
 */
export async function compileContracts(options: {
  onProgress: (line: string) => void
}): Promise<CompiledContracts> {
  const { onProgress } = options
  const [own, permit2] = await Promise.all([
    compileOnce({ job: ownJob(), label: "the dev chain's contracts", onProgress }),
    compileOnce({ job: permit2Job(), label: 'Permit2', onProgress }),
  ])
  return { ...permit2, ...own }
}
