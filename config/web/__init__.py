"""What the pages of all apps share: templates, style, script, forms, middleware, access rules.

Every app but ``mirror`` may import it. It knows nothing of campaigns, sessions or the mirror.
"""
