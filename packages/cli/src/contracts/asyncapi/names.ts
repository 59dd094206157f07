/**
 * Makes a key of the document. Letters, digits, `.` and `-` stay; every other character becomes its code, so that
 * different names have different keys.
 */
export function idOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.-]/g, (character) =>
    character === '_' ? '__' : `_${character.codePointAt(0)?.toString(16)}_`,
  )
}

/** The address of a template: `order.*.shipped` becomes `order.{word1}.shipped`. */
export interface Address {
  readonly address: string
  readonly parameters: Readonly<Record<string, { readonly description: string }>>
}

/** Makes an address from a template of routing keys. A direct exchange has no patterns. */
export function addressOf(template: string, type: string): Address {
  const parameters: Record<string, { description: string }> = {}
  if (type !== 'topic') return { address: template, parameters }
  const words = template.split('.').map((word, index) => {
    if (word !== '*' && word !== '#') return word
    const name = word === '*' ? `word${index + 1}` : `words${index + 1}`
    parameters[name] = { description: word === '*' ? 'One word.' : 'Any number of words, between dots.' }
    return `{${name}}`
  })
  return { address: words.join('.'), parameters }
}
