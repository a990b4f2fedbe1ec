from: e.tpl
