/** How the reference looks, on top of the shared style of `#core/page.ts`. Wide: navigation, text, code; narrow: one column. */
export const REFERENCE_STYLE = `
.skip{position:absolute;left:-99rem;top:0;background:var(--surface);padding:.5rem 1rem;z-index:3}
.skip:focus{left:0}
[hidden]{display:none!important}
.side{background:var(--sunk);border-bottom:1px solid var(--line)}
.bar{display:flex;align-items:center;justify-content:space-between;padding:.75rem 1.25rem;min-height:3.5rem}
.brand{display:flex;align-items:center;gap:.5rem;color:var(--ink);font-weight:700;font-size:1.125rem;letter-spacing:-.02em;text-decoration:none}
.brand small{color:var(--muted);font-weight:400;font-size:.75rem;letter-spacing:0}
nav{padding:.25rem 1.25rem 1.5rem}
nav h2{font-size:.75rem;font-weight:650;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);margin:1.5rem 0 .375rem}
nav h2 a{color:inherit;text-decoration:none}
nav ul{list-style:none;margin:0 -.5rem;padding:0}
nav li a{display:flex;gap:.5rem;align-items:baseline;color:var(--ink);text-decoration:none;font-size:.875rem;line-height:1.35;padding:.3125rem .5rem;border-radius:6px}
nav li a:hover{background:var(--line)}
nav li a[aria-current]{background:var(--accent-ground)}
nav .method{flex:none;width:2.75rem;padding:0;background:none}
.find{position:relative}
.find label{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.find input{width:100%;font:inherit;font-size:.875rem;color:var(--ink);background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:.5rem 2rem .5rem .75rem}
.find input::placeholder{color:var(--muted);opacity:1}
.find kbd{position:absolute;right:.625rem;top:.5rem;font:.75rem var(--mono);color:var(--muted);border:1px solid var(--line);border-radius:4px;padding:0 .3125rem}
.find input:focus~kbd{display:none}
.found{font-size:.8125rem;color:var(--muted);padding:.25rem .125rem 0}
.found:empty{display:none}
.menu,.copy,.clear{font:inherit;font-size:.8125rem;color:var(--ink);background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:.25rem .625rem;cursor:pointer}
.menu:hover,.copy:hover,.clear:hover{border-color:var(--accent)}
.method{font:650 .6875rem/1.6 var(--mono);letter-spacing:.03em;padding:.125rem .4375rem;border-radius:5px}
.get{color:light-dark(#0b6b4f,#6fd6ae);background:light-dark(#dff3ea,#12332a)}
.post{color:light-dark(#1d57a8,#8dbcff);background:light-dark(#e2edfb,#172b47)}
.put{color:light-dark(#6d3fa8,#c9a6f5);background:light-dark(#efe6fa,#2d2140)}
.patch{color:light-dark(#855108,#edbd68);background:light-dark(#fbeed3,#38290f)}
.delete{color:light-dark(#a82a36,#ff9a9f);background:light-dark(#fbe4e5,#431d20)}
main{min-width:0;padding:0 1.25rem}
.lead{color:var(--muted);max-width:42rem}
.hero{padding:2.5rem 0 2rem;display:grid;gap:2rem}
.hero h1{font-size:clamp(2rem,1.5rem + 2vw,2.75rem);letter-spacing:-.03em;margin-bottom:.75rem}
.hero .lead{font-size:1.125rem}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.5rem 1.25rem;margin:1.75rem 0 0;font-size:.9375rem}
.facts dt{color:var(--muted)}
.facts dd{margin:0}
.facts code,.conventions code,.description code,.answer summary code,.lead code{background:var(--sunk);border:1px solid var(--line);border-radius:4px;padding:.0625rem .3125rem}
.conventions{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:2rem 2.5rem;padding:2rem 0 3rem;border-top:1px solid var(--line)}
.conventions h2{font-size:1rem;margin-bottom:.375rem}
.conventions p{font-size:.9375rem;color:var(--muted)}
.conventions p+p{margin-top:.5rem}
.conventions code{color:var(--ink)}
.service>header{padding:2.5rem 0 1.5rem;border-top:1px solid var(--line)}
.service>header h2{font-size:1.75rem;margin-bottom:.375rem}
.operation{display:grid;gap:1.5rem 3rem;padding:2.25rem 0 2.75rem;border-top:1px solid var(--line)}
.about{min-width:0}
.operation h3{font-size:1.25rem}
.anchor{color:inherit;text-decoration:none}
.anchor:hover::after{content:' #';color:var(--accent)}
.route{display:flex;align-items:baseline;gap:.5rem;margin:.5rem 0 1rem}
.route code{font-size:.9375rem;overflow-wrap:anywhere}
.variable{color:var(--accent)}
.permission{font-size:.875rem;color:var(--muted);margin-top:.75rem}
.chip{font:.8125rem/1.5 var(--mono);color:var(--ink);background:var(--sunk);border:1px solid var(--line);border-radius:5px;padding:.0625rem .375rem;text-decoration:none;display:inline-block}
a.chip:hover{border-color:var(--accent);color:var(--accent)}
h4{font-size:.875rem;font-weight:650;margin:1.75rem 0 .5rem}
h4 .type{font-weight:400}
.fields,.problems{list-style:none;margin:0;padding:0}
.fields>li{padding:.625rem 0;border-top:1px solid var(--line);font-size:.9375rem}
.field{display:flex;flex-wrap:wrap;align-items:baseline;gap:.125rem .5rem}
.name{font-weight:600;font-size:.875rem}
.type,.limits{color:var(--muted);font-size:.8125rem;overflow-wrap:anywhere}
.required{color:var(--accent);font-size:.75rem;font-weight:600}
.description{color:var(--muted);font-size:.9375rem;margin-top:.125rem}
.fields details{margin-top:.375rem}
.fields .fields{border-left:2px solid var(--line);padding-left:.875rem;margin-top:.375rem}
.fields .fields>li:first-child{border-top:0}
summary{cursor:pointer;font-size:.875rem}
.answer{border-top:1px solid var(--line);padding:.5rem 0}
.answer>.fields>li{margin-left:1rem}
.status{font:600 .8125rem var(--mono);display:inline-block;min-width:2.25rem}
.problems li{display:flex;gap:.375rem;flex-wrap:wrap;align-items:baseline;padding:.25rem 0}
.example{min-width:0;display:grid;gap:1rem;align-content:start;margin:0}
.code{margin:0;background:var(--surface);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.code figcaption{display:flex;align-items:center;justify-content:space-between;min-height:2.5rem;padding:.3125rem .5rem .3125rem .875rem;font-size:.8125rem;color:var(--muted);border-bottom:1px solid var(--line)}
.code pre{margin:0;padding:.875rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9375rem;line-height:1.55;tab-size:2}
.k{color:light-dark(#7a4a00,#f0c07a)}.s{color:light-dark(#0b6b4f,#8ad9b6)}.n,.w{color:light-dark(#1d57a8,#9ac4ff)}
.empty{font-size:.875rem;color:var(--muted)}
.nothing{padding:4rem 0;color:var(--muted)}
footer{border-top:1px solid var(--line);padding:1.5rem 0 3rem;font-size:.875rem;color:var(--muted)}
@media (max-width:61.99rem){
.side.folded{position:sticky;top:0;z-index:2}
.side.folded nav{display:none}
.side.folded.open nav{display:block;max-height:calc(100dvh - 3.5rem);overflow-y:auto}
html{scroll-padding-top:4.5rem}
}
@media (min-width:62rem){
.frame{display:grid;grid-template-columns:17rem minmax(0,1fr)}
.side{position:sticky;top:0;height:100dvh;overflow-y:auto;border-bottom:0;border-right:1px solid var(--line)}
.menu{display:none}
main{padding:0 clamp(2rem,4vw,4.5rem);max-width:92rem}
.hero{padding-top:4rem}
}
@media (min-width:80rem){
.hero,.operation{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.operation .example{position:sticky;top:1.5rem}
}
@media print{.side,.copy{display:none}.operation{break-inside:avoid}}
`
