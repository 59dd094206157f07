/**
 * A key of the document: letters, digits, `.`, `-` and `_`, each other character as its code, so that no two become
 * one.
 */
export function idOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.-]/g, (character) =>
    character === '_' ? '__' : `_${character.codePointAt(0)?.toString(16)}_`,
  )
}

/** The address of a template: `order.*.shipped` is `order.{word1}.shipped`. */
export interface Address {
  readonly address: string
  readonly parameters: Readonly<Record<string, { readonly description: string }>>
}

/** Makes an address of a template of routing keys. A direct exchange knows no patterns. */
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
