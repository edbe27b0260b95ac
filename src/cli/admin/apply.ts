import { readApplyFile } from './apply-file.ts'
import { planApply, type Step } from './apply-plan.ts'
import { readState } from './apply-state.ts'
import type { Row } from './ask.ts'
import { cellOf, printJson, write } from './tell.ts'
import type { Verb } from './verb.ts'

const tellStep = ({ sign, what, fields = {} }: Step) => {
  write(`${sign} ${what}`)
  for (const [name, [before, after]] of Object.entries(fields))
    write(`    ${name}: ${cellOf(before)} -> ${cellOf(after)}`)
}

const shown = ({ sign, what, fields }: Step) => ({ sign, what, ...(fields ? { fields } : {}) })

/**
 * `turnpike apply FILE`: makes an organisation what the file says, and shows what that changes. What the file does not name stays as it is,
 * unless `--prune` is given. A second run changes nothing.
 *
 * Each line is a commit of its own; where one is refused, what came before it stays, and the next run goes on from there.
 */
export const apply: Verb = async ({ args, has, json }) => {
  const file = readApplyFile(args[0] ?? '')
  const state = await readState(file.organization)
  const steps = planApply({ file, state, prune: has('prune') })
  const isDry = has('dryRun')
  const secrets: Record<string, string> = {}
  const done: Step[] = []
  for (const step of steps) {
    if (!json) tellStep(step)
    if (!isDry) {
      const row: Row = await step.run(state).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : ''
        throw new Error(`${step.what}: ${reason} (${done.length} of ${steps.length} changes are made.)`)
      })
      if (typeof row['secret'] === 'string') secrets[step.what] = row['secret']
    }
    done.push(step)
  }
  if (json) {
    const changes = done.map(shown)
    printJson({ organization: file.organization, dry_run: isDry, changes, secrets })
    return 0
  }
  for (const [what, secret] of Object.entries(secrets))
    write(`\nThe secret of ${what}, shown this once: ${secret}`)
  const count = (sign: Step['sign']) => done.filter((step) => step.sign === sign).length
  const summary = `${count('+')} made, ${count('~')} changed, ${count('-')} archived`
  if (steps.length === 0) write('Nothing to do: everything is as the file says.')
  else write(`\n${summary}${isDry ? ' (a dry run: nothing was done)' : ''}.`)
  return 0
}
