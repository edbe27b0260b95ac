import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ADMIN_TOKEN, type AdminWorld, openAdminWorld } from '../../support/admin-world.ts'
import { runCommand, wordsOf } from '../../support/run-command.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/GOVERNANCE.md'), 'utf8')
const blockAfter = (mark: string) =>
  new RegExp(`<!-- ${mark} -->\n+\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1] ?? ''

let world: AdminWorld
const folder = mkdtempSync(join(tmpdir(), 'turnpike-admin-commands-'))

beforeAll(async () => {
  world = await openAdminWorld()
  vi.stubEnv('TURNPIKE_ADMIN_URL', world.url.replace('/admin/v1', ''))
  vi.stubEnv('TURNPIKE_ADMIN_TOKEN', ADMIN_TOKEN)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await world.close()
  rmSync(folder, { recursive: true })
})

const run = async (line: string) => {
  const here = line.replaceAll(/\bacme(\.\w+)+/g, (name) => join(folder, name))
  const result = await runCommand(wordsOf(here))
  expect([line, result.error, result.code]).toEqual([line, undefined, 0])
  return result.stdout
}
const json = async <Answer = Record<string, unknown>>(line: string) =>
  JSON.parse(await run(`${line} --json`)) as Answer

test('the page’s walk makes an organisation with three teams, budgets, a webhook and a wallet', async () => {
  const lines = blockAfter('walkthrough').trim().split('\n')
  expect(lines.length).toBeGreaterThan(15)
  const printed = new Map<string, string>()
  for (const line of lines) printed.set(line, await run(line.replace('npx turnpike ', '')))
  const tree = printed.get('npx turnpike units tree') ?? ''
  for (const name of [
    'Acme',
    'Sales',
    'Field East',
    'Field West',
    'Research',
    'crawler (service)',
    'buying agent (wallet)',
  ])
    expect(tree).toContain(name)
  expect(tree).toContain('│  ├─ Field East')
  expect(tree).toContain('░░░░░░░░░░ 0 of 1000 USD (month)')
  expect([...printed.values()].find((text) => text.includes('tp_test_'))).toContain('shown this once')
  expect(printed.get(lines.at(-1) ?? '')).toMatch(/^✓ \d+ entries of .*; \d+ vouched for/)
  const effective = lines.find((line) => line.includes('policies effective'))
  expect(printed.get(effective ?? '')).toMatch(/max_call_usd +0\.5 +unit:/)
})

test('everything that is shown as a table is JSON as well', async () => {
  for (const line of [
    'organizations list',
    'units list',
    'principals list',
    'keys list',
    'budgets list',
    'policies list',
    'webhooks list',
    'audit list',
  ]) {
    const { data } = await json<{ data: unknown[] }>(
      `${line}${line.startsWith('org') ? '' : ' --organization Acme'}`,
    )
    expect(data.length).toBeGreaterThan(0)
    expect(
      (await run(`${line}${line.startsWith('org') ? '' : ' --organization Acme'}`)).split('\n').length,
    ).toBeGreaterThan(data.length)
  }
})

test('units move, keys rotate and are revoked, budgets change, wallets go', async () => {
  await run('units move "Field West" --to Research --accept-widening')
  expect((await json<{ path: string[] }>('units show "Research/Field West"')).path).toHaveLength(3)
  await run('units update "Field West" --name Südwest')
  const { id } = await json<{ id: string }>('units archive Südwest')
  await run(`units restore ${id}`)
  const next = await json<{ id: string; rotated_from_id: string }>(
    'keys rotate "crawler in production" --overlap 60',
  )
  expect(next.rotated_from_id).toHaveLength(8)
  expect(await json(`keys revoke ${next.id}`)).toMatchObject({ state: 'revoked' })
  const { data } = await json<{ data: { id: string; window: string }[] }>('budgets list')
  const daily = data.find(({ window }) => window === 'day')?.id ?? ''
  expect(await json(`budgets update ${daily} --limit 30 --override 50 --until 2099-01-01`)).toMatchObject({
    limit: '30',
    limit_now: '50',
  })
  await run('principals unlink-wallet 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf')
  await run('webhooks update operations --disable')
  expect(await run('webhooks list')).toContain('off')
  const wrong = await runCommand(['units', 'show', 'Nowhere'])
  expect(wrong).toMatchObject({ code: 1, error: 'There is no unit "Nowhere".' })
})

test('a log that was changed by a hand is found offline', async () => {
  const file = join(folder, 'acme.jsonl')
  const lines = readFileSync(file, 'utf8').split('\n')
  const cases = {
    link_broken: lines.toSpliced(3, 1),
    entry_changed: lines.with(4, (lines[4] ?? '').replace('"via":"cli"', '"via":"api"')),
    entries_missing: lines.slice(0, 4),
  }
  for (const [kind, changed] of Object.entries(cases)) {
    const forged = join(folder, 'forged.jsonl')
    writeFileSync(forged, changed.join('\n'))
    const words = ['audit', 'verify', forged, '--checkpoint', join(folder, 'acme.checkpoint.json'), '--json']
    const { stdout, code } = await runCommand(words)
    const kinds = (JSON.parse(stdout) as { faults: { kind: string }[] }).faults.map((one) => one.kind)
    expect(code).toBe(1)
    expect(kinds).toContain(kind === 'link_broken' ? 'out_of_order' : kind)
  }
  // A checkpoint that somebody else has signed is none.
  const made = readFileSync(join(folder, 'acme.checkpoint.json'), 'utf8')
  const forged = join(folder, 'forged.json')
  writeFileSync(
    forged,
    made.replace(/"signature":"./, (text) => (text.endsWith('A') ? '"signature":"B' : '"signature":"A')),
  )
  expect(await runCommand(['audit', 'verify', file, '--checkpoint', forged])).toMatchObject({ code: 1 })
})

type Applied = { changes: { sign: string; what: string }[]; secrets: Record<string, string> }

test('the page’s file is applied once, a second time it changes nothing, and it shows what differs', async () => {
  const file = join(folder, 'acme.yaml')
  const text = blockAfter('apply')
  writeFileSync(file, text)
  const dry = await json<Applied>(`apply acme.yaml --dry-run`)
  expect(dry.changes.length).toBeGreaterThan(10)
  expect(
    (await json<{ data: { name: string }[] }>('organizations list')).data.map(({ name }) => name),
  ).not.toContain('Acme Labs')
  const first = await json<Applied>(`apply acme.yaml`)
  expect(first.changes).toEqual(dry.changes)
  expect(Object.values(first.secrets)).toHaveLength(1)
  expect(await run(`apply acme.yaml`)).toBe('Nothing to do: everything is as the file says.\n')
  writeFileSync(
    file,
    text
      .replace('limit: 1000', 'limit: "1500.00"')
      .replace('unit: Sales/Field East\n', 'unit: Forschung & Entwicklung\n')
      .replace(/rates:[\s\S]*?webhooks:/, 'webhooks:')
      .replace('      - name: Field East\n', '      - name: Field North\n'),
  )
  const changed = await run(`apply acme.yaml --dry-run --prune`)
  expect(changed).toContain('limit: 1000 -> 1500.00')
  expect(changed).toContain('+ unit Sales/Field North')
  expect(changed).toContain('- unit sales/field east')
  expect(changed).toContain('- rates at unit')
  await run(`apply acme.yaml --prune`)
  expect(await json<Applied>(`apply acme.yaml --prune`)).toMatchObject({ changes: [] })
})

test('a file that is wrong is refused whole, with where and why', async () => {
  const file = join(folder, 'wrong.yaml')
  writeFileSync(file, 'organization: X\nbudgets:\n  - at: organization\n    limits: 3\n')
  const { error } = await runCommand(['apply', file])
  expect(error).toContain('budgets.0.limit')
  expect(error).toContain('limits')
})
