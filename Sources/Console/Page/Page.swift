// The one page of the console, whole: nothing is loaded from anywhere else.

enum Page {
    static let text = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Millrace</title>
        <link rel="icon" href="data:,">
        <style>\(PageStyle.text)</style>
        </head>
        <body>
        <header><h1>Millrace</h1><span class="soft">source → landing → topic → query → table</span>
        <span id="link" class="badge" data-state="wait" role="status">connecting</span></header>
        <main id="main">
        <section aria-labelledby="flow-title"><h2 id="flow-title">Pipeline</h2>
        <div id="flow" class="flow"></div><p id="exceptions" class="soft"></p></section>
        <section aria-labelledby="run-title"><h2 id="run-title">Latest run</h2><div id="run"></div></section>
        <section aria-labelledby="people-title"><h2 id="people-title">Latest people</h2>
        <div id="people"></div></section>
        <div class="two">
        <section aria-labelledby="topics-title"><h2 id="topics-title">Topics</h2><div id="topics"></div></section>
        <section aria-labelledby="queries-title"><h2 id="queries-title">Streaming queries</h2>
        <div id="queries"></div></section>
        </div>
        </main>
        <footer class="soft"><a href="/metrics">metrics</a> <a href="/health">health</a></footer>
        <script>\(PageScript.text)\(PageGraph.text)\(PageScript.start)</script>
        </body>
        </html>
        """

    /// Only the page's own code and style; connections only to where it came from.
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
