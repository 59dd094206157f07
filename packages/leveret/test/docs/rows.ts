import type { LanguageService, Option } from '../support/language-service.js'

/**
 * The table of an interface of options: each with its default and what it does.
 *
 * @param but - names that stand elsewhere, with a comma between them
 */
export function optionRows(service: LanguageService, name: string, but = ''): string[] {
  const left = but.split(', ')
  const isLeft = (option: string): boolean => left.some((each) => option === each || option.startsWith(`${each}.`))
  const rows = sorted(service.optionsOfType(name).map((option) => ({ ...option, name: nameOf(option) })))
    .filter((option) => !isLeft(option.name))
    .map(({ name: option, defaultValue, isOptional, documentation }) => {
      const otherwise = defaultValue ?? (isOptional ? 'none' : 'must be given')
      return `| \`${option}\` | ${cell(code(otherwise))} | ${cell(documentation)} |`
    })
  if (rows.length === 0) throw new Error(`${name} has no options for a table`)
  return ['| option | default | what it does |', '| --- | --- | --- |', ...new Set(rows)]
}

/** What each event of a role or delivery carries anyhow. */
const ANYHOW = new Set([
  'role',
  'queue',
  'messageId',
  'attempt',
  'durationMs',
  'offset',
  'lane',
  'connection',
  'correlationId',
])

/**
 * The table of an interface of events: each with what it carries and what it means.
 *
 * @param but - an interface whose events stand elsewhere
 */
export function eventRows(service: LanguageService, name: string, but: string | undefined): string[] {
  const elsewhere = but === undefined ? [] : service.optionsOfType(but).map(nameOf)
  const all = sorted(service.optionsOfType(name).map((option) => ({ ...option, name: nameOf(option) })))
  const isWithin = (event: string): boolean => all.some((other) => event.startsWith(`${other.name}.`))
  const events = all.filter((event) => !isWithin(event.name) && !elsewhere.includes(event.name))
  const rows = events.map((event) => {
    if (event.documentation === '') throw new Error(`the event ${event.name} of ${name} has no documentation`)
    const carried = all
      .map((field) => (field.name.startsWith(`${event.name}.`) ? field.name.slice(event.name.length + 1) : ''))
      .filter((field) => field !== '' && !field.includes('.') && !ANYHOW.has(field))
    const fields = [...new Set(carried)].map((field) => `\`${field}\``).join(', ')
    return `| \`${event.name}\` | ${fields} | ${cell(event.documentation)} |`
  })
  if (rows.length === 0) throw new Error(`${name} has no events for a table`)
  return ['| event | carries | means |', '| --- | --- | --- |', ...new Set(rows)]
}

/** By name, because the compiler gives them in another order each time. What must be given comes first. */
function sorted<O extends { readonly name: string; readonly isOptional: boolean }>(all: O[]): O[] {
  const needed = new Set(all.flatMap(({ name, isOptional }) => (isOptional ? [] : [name])))
  const rank = ({ name }: O): number => (needed.has(name.split('.')[0] ?? '') ? 0 : 1)
  return all.toSorted((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1))
}

/** `batch.size` of `WorkerOptions.batch.size`. */
function nameOf({ path }: Option): string {
  return path.slice(path.indexOf('.') + 1)
}

/** A value of the language as code, and words as they are. */
function code(value: string): string {
  if (value.startsWith('none')) return value
  return /^[\w'"[{.-][^ ]*$|^[[{].*[\]}]$/.test(value.trim()) ? `\`${value.trim()}\`` : value
}

/** One line that a table can hold. */
function cell(text: string): string {
  return text
    .trim()
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/^- /g, '• ')
    .replaceAll(/\n\n?- /g, '<br>• ')
    .replaceAll('\n\n', '<br>')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
}
