from django.db import migrations


class Migration(migrations.Migration):
    """Only the name of the model: a deploy finds the table as it was."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterModelTable(name="loginattempts", table="accounts_loginattempts"),
        migrations.RenameModel(old_name="LoginAttempts", new_name="Attempts"),
        migrations.AlterModelOptions(
            name="attempts", options={"verbose_name_plural": "attempts"}
        ),
    ]
