import { Command } from 'commander'
import { vi } from 'vitest'
import { addAdminCommands } from '../../src/cli/admin/commands.ts'

/** The words of a command line as a shell has them; enough for quotes. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+?)"([^"]*)"|(\S+)/g)].map(
    ([, single, double, lead, rest, bare]) =>
      single ?? double ?? (lead === undefined ? (bare ?? '') : `${lead}${rest}`),
  )

/** Runs a command of administration in this process, against the server that the environment names, and gives what it printed. */
export async function runCommand(
  words: readonly string[],
): Promise<{ readonly stdout: string; readonly code: number; readonly error?: string }> {
  const program = new Command('turnpike').exitOverride().configureOutput({ writeErr: () => undefined })
  addAdminCommands(program)
  let stdout = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  })
  const before = process.exitCode
  try {
    process.exitCode = 0
    await program.parseAsync(words, { from: 'user' })
    return { stdout, code: process.exitCode }
  } catch (error) {
    return { stdout, code: 1, error: error instanceof Error ? error.message : '' }
  } finally {
    process.exitCode = before ?? 0
    spy.mockRestore()
  }
}
