import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/** What the compiler needs: which package holds it, and solc's standard JSON input. */
export type SolcJob = { compiler: string; input: unknown }

type Solc = { compile: (input: string) => string }

// Compiling blocks a thread for seconds, so it happens in one of its own.
const job = workerData as SolcJob
const solc = createRequire(import.meta.url)(job.compiler) as Solc
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- the rule means windows, a port has no origin
parentPort?.postMessage(solc.compile(JSON.stringify(job.input)))
