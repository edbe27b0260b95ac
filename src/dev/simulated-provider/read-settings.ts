/**
 * Reads settings as a header or a variable carries them: names, each with `=` and a number where it takes one, joined by commas.
 *
 * @param numbers settings by the names of those that take a number. @param switches of those that take nothing. @param texts of
 * those that take a text without a comma.
 * @throws RangeError for a name that is not there, or a value that does not fit.
 * @example readSettings({ text: 'status=503, echo', numbers: { status: 'status' }, switches: { echo: 'echoPrompt' } })
 */
export function readSettings<Settings extends object>({
  text,
  numbers,
  switches = {},
  texts = {},
}: {
  text: string
  numbers: Readonly<Record<string, keyof Settings & string>>
  switches?: Readonly<Record<string, keyof Settings & string>>
  texts?: Readonly<Record<string, keyof Settings & string>>
}): Settings {
  const settings: Record<string, number | boolean | string> = {}
  for (const item of text.split(',')) {
    const [name = '', value = ''] = item.trim().split('=')
    if (name === '') continue
    const [numeric, toggled, worded] = [numbers[name], switches[name], texts[name]]
    if (worded) settings[worded] = value
    else if (numeric && /^\d+$/.test(value)) settings[numeric] = Number(value)
    else if (toggled && value === '') settings[toggled] = true
    else throw new RangeError(`there is no setting ${name}`)
  }
  return settings as Settings
}
