import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { verifyAuditText } from '../../app/verify-audit-text.ts'
import { ask, listAll, reach, type Row } from './ask.ts'
import { findOrganization } from './find.ts'
import { cellOf, printJson, tellRows, write } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const queryOf = async ({ options }: Given) =>
  `organization=${(await findOrganization(options['organization'])).id}`

const textOf = (value: unknown) => {
  const { kind, id } = value as { kind: string; id: string }
  return `${kind} ${id}`
}

export const list: Verb = async (given) => {
  const { id } = await findOrganization(given.options['organization'])
  const columns = {
    entry: (row: Row) => row.id,
    at: (row: Row) => new Date(Number(row['atMs'])).toISOString(),
    who: ({ actor }: Row) => textOf(actor),
    via: ({ via }: Row) => via,
    action: ({ action }: Row) => action,
    what: ({ target }: Row) => textOf(target),
  }
  tellRows({ rows: await listAll('/audit', { organization: id }), columns, json: given.json })
  return 0
}

/** The whole log as JSON lines, to a file or to stdout. */
export const exportLog: Verb = async (given) => {
  const response = await reach({ path: `/audit/export?${await queryOf(given)}` })
  const { output } = given.options
  if (!response.body) throw new Error('The server answered nothing.')
  const body = Readable.fromWeb(response.body)
  if (output === undefined) {
    for await (const chunk of body) process.stdout.write(chunk as Uint8Array)
    return 0
  }
  await pipeline(body, createWriteStream(output))
  if (given.json) printJson({ output })
  else write(`Written to ${output}. Look at it with: turnpike audit verify ${output}`)
  return 0
}

export const checkpoint: Verb = async (given) => {
  const made = await ask<unknown>({
    path: `/audit/checkpoints?${await queryOf(given)}`,
    method: 'POST',
    body: {},
  })
  const { output } = given.options
  if (output === undefined) printJson(made)
  else {
    writeFileSync(output, `${JSON.stringify(made)}\n`)
    if (given.json) printJson({ output })
    else write(`Written to ${output}. Keep it where this server cannot reach it.`)
  }
  return 0
}

/** Without asking anybody. Exits 1 where something is not as it was written. */
export const verify: Verb = async ({ args, options, json }) => {
  const text = (path: string) => readFileSync(path, 'utf8')
  const { checkpoint: path, publicKey } = options
  const verdict = verifyAuditText({
    log: text(args[0] ?? ''),
    ...(path === undefined ? {} : { checkpoint: text(path) }),
    ...(publicKey === undefined ? {} : { publicKey }),
  })
  if (json) printJson(verdict)
  else {
    const { isGood, count, anchored, faults, organizationId } = verdict
    write(
      `${isGood ? '✓' : '✗'} ${count} entries of ${cellOf(organizationId)}; ${anchored} vouched for by a checkpoint.`,
    )
    for (const { kind, sequence } of faults) write(`  ${kind} at ${sequence}`)
    if (isGood && anchored < count)
      write('What no checkpoint vouches for has only its own word: make one and keep it elsewhere.')
    if (verdict.isOwnKey)
      write('The checkpoint was verified by the key inside it: say --public-key with the one you know.')
  }
  return verdict.isGood ? 0 : 1
}
