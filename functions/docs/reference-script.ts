/**
 * What the reference does in the browser: find routes, copy examples, mark where the reader is, open the menu on small
 * screens. Plain script in a string, because it is sent as it stands here: a bundler's output would not run there.
 * The page is whole without it.
 */
export const REFERENCE_SCRIPT = `
'use strict'
const all = (selector, root = document) => [...root.querySelectorAll(selector)]
const one = (selector) => document.querySelector(selector)

const input = one('#find')
const found = one('.found')
const links = new Map(all('a.to').map((link) => [link.hash.slice(1), link]))
const routes = all('.operation')

function find() {
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean)
  let count = 0
  for (const route of routes) {
    const hit = words.every((word) => route.dataset.find.includes(word))
    route.hidden = !hit
    const link = links.get(route.id)
    if (link) link.parentElement.hidden = !hit
    if (hit) count += 1
  }
  for (const group of all('.service, .group')) group.hidden = !all('.operation, .to', group).some((route) => !route.closest('[hidden]:not(.group, .service)'))
  one('.intro').hidden = words.length > 0
  one('.nothing').hidden = count > 0
  found.textContent = words.length > 0 ? count + (count === 1 ? ' route' : ' routes') : ''
}
one('.find').hidden = false
input.addEventListener('input', find)
const clear = () => { input.value = ''; find() }
one('.clear').addEventListener('click', () => { clear(); input.focus() })
input.addEventListener('keydown', (event) => { if (event.key === 'Escape') clear() })
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return
  event.preventDefault()
  openMenu(true)
  input.focus()
})

const menu = one('.menu')
const side = one('.side')
function openMenu(open) {
  menu.setAttribute('aria-expanded', String(open))
  side.classList.toggle('open', open)
}
menu.hidden = false
side.classList.add('folded')
menu.addEventListener('click', () => openMenu(menu.getAttribute('aria-expanded') !== 'true'))
one('#navigation').addEventListener('click', (event) => {
  const link = event.target.closest('a')
  if (!link) return
  openMenu(false)
  if (link.hash && one('.intro').hidden && !link.matches('.to')) clear()
})

if (navigator.clipboard) for (const figure of all('figure.code')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(figure.querySelector('code').textContent)
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  })
  figure.querySelector('figcaption').append(button)
}

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const link = links.get(target.id)
    if (!link) continue
    if (isIntersecting) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}, { rootMargin: '-15% 0px -75% 0px' })
for (const route of routes) watcher.observe(route)
`
