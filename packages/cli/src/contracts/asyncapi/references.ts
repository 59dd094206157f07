/** Returns a message whose references in schemas are relative to the whole document, where `#` is another root. */
export function absoluteReferences<T extends { readonly payload: unknown }>(message: T, id: string): T {
  return { ...message, payload: rewritten(message.payload, `#/components/messages/${id}/payload`) }
}

function rewritten(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, root))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isReference = key === '$ref' && typeof inner === 'string' && inner.startsWith('#')
      return [key, isReference ? `${root}${inner.slice(1)}` : rewritten(inner, root)]
    }),
  )
}
