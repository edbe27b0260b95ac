const CLEAR_LINE = '\r\u001b[2K'

/** What happens, for people, on stderr: the present step on a terminal's last line, plain lines elsewhere. */
export type Progress = {
  readonly step: (line: string) => void
  readonly note: (line: string) => void
  readonly done: () => void
}

export function createProgress({ quiet = false }: { quiet?: boolean } = {}): Progress {
  if (quiet) return { step: () => undefined, note: () => undefined, done: () => undefined }
  const { stderr } = process
  const isLive = stderr.isTTY
  return {
    step: (line) => stderr.write(isLive ? `${CLEAR_LINE}… ${line}` : `${line}\n`),
    note: (line) => stderr.write(`${isLive ? CLEAR_LINE : ''}${line}\n`),
    done: () => {
      if (isLive) stderr.write(CLEAR_LINE)
    },
  }
}
