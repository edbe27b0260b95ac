/** The sources need Node 24; `npm install` brings it, but a shell may find an older one first. */
export function requireNode(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return
  process.stderr.write(
    `Turnpike needs Node 24 or newer, this is ${process.version}. Run it through npm (npm test), which finds the ` +
      `node package that npm install brought; if that is missing, run npm install again with install scripts allowed.\n`,
  )
  process.exit(1)
}
